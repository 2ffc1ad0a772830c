/**
 * What a request costs in HTTP (section H), over connections that are kept alive:
 *
 *     node --conditions=source bench/http.ts [--connections 16] [--seconds 5]
 *
 * Prints requests a second, their time, and the server's CPU time for each. Open mode, SQLite; every send is durable before
 * its answer. A user's requests share `limits.http_sessions` sessions, so as many sends are in flight at most for each of them.
 */
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { percentile } from "./support/numbers.ts";
import { startServerProcess } from "./support/server.ts";

const { values } = parseArgs({
  options: { connections: { type: "string", default: "16" }, seconds: { type: "string", default: "5" } },
});
const connections = Math.min(256, Math.max(1, Number(values.connections) || 0));
const seconds = Math.min(60, Math.max(1, Number(values.seconds) || 0));

interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

const send: Ask = { method: "POST", path: "/v1/rooms/r/messages", body: '{"text":"some words of a chat"}' };
const command = (cmd: string, data: object): Ask => ({
  method: "POST",
  path: "/v1/command",
  body: JSON.stringify({ class: "media", subclass: "room", cmd, data }),
});

const server = await startServerProcess({ store: { kind: "sqlite" } }, tmpdir());
const agent = new Agent({ keepAlive: true, maxSockets: connections });
try {
  await ask(command("create", { class: "chat", room_id: "r" }), "founder");
  await load("warming up", send, 1);
  await load("POST a message", send, seconds);
  await load(
    "POST a command that sends",
    command("msglog_send", { room_id: "r", msg: { text: "hi" } }),
    seconds,
  );
  await load(
    "GET the newest 50 messages",
    { method: "GET", path: "/v1/rooms/r/messages?limit=50&order=desc" },
    seconds,
  );
  await load("GET a room", { method: "GET", path: "/v1/rooms/r" }, seconds);
} finally {
  agent.destroy();
  await server.stop();
}

/** Every connection asks again as soon as it is answered, a quarter of them as each of four users. */
async function load(what: string, one: Ask, duration: number): Promise<void> {
  const until = performance.now() + duration * 1000;
  const took: number[] = [];
  const cpu = server.cpuSeconds();
  const askOn = async (user: string) => {
    for (let began = performance.now(); began < until; began = performance.now()) {
      await ask(one, user);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, n) => askOn(`user ${n % 4}`)));
  const each = ((server.cpuSeconds() - cpu) / took.length) * 1_000_000;
  const rate = Math.round(took.length / duration);
  const [p50, p99] = [50, 99].map((percent) => percentile(took, percent).toFixed(1));
  console.log(`${what}: ${rate}/s, p50 ${p50} ms, p99 ${p99} ms, ${Math.round(each)} µs of CPU each`);
}

function ask({ method, path, body }: Ask, user: string): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Basic ${btoa(`${user}:`)}` };
  const url = new URL(path, server.url.replace(/^ws/, "http"));
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent, headers }, (response) => {
      response.resume().on("end", () => {
        if (response.statusCode && response.statusCode < 300) resolve();
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    });
    asked.on("error", reject).end(body);
  });
}
