import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/webhook-receiver.ts");
const SECRET = "sixteen characters";

/** The example as its readers start it. */
async function startExample() {
  const child = spawn(process.execPath, [EXAMPLE, "0"], {
    env: { WEBHOOK_SECRET: SECRET },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill();
  });
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  const [said] = await once(createInterface(child.stderr), "line");
  return { lines, url: `http://127.0.0.1:${String(said).split(" ")[1]}/` };
}

test("[W1] the example of a receiver prints what is sent, and takes nothing that is not signed", async () => {
  const { lines, url } = await startExample();
  const webhooks = [{ name: "printer", url, secret: SECRET }];
  const server = await serverForTest({ store: { kind: "memory" }, services: { main: { webhooks } } });
  const client = await RawClient.login(server.url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (const word of ["one", "two"])
    await client.call("media/room/msglog_send", { room_id: "r", msg: { word } });
  await expect.poll(() => lines.map((line) => JSON.parse(line.slice(2)).word)).toEqual(["one", "two"]);

  const body = '{"room_id":"r","epoch":"e","messages":[{"msg_id":1}]}';
  const post = (signature: string) =>
    fetch(url, { method: "POST", body, headers: { "roomlog-signature": signature } });
  const now = Math.floor(Date.now() / 1000);
  expect((await post(`t=${now},v1=${"0".repeat(64)}`)).status).toBe(401);
  expect((await post("")).status).toBe(401);
  expect(lines).toHaveLength(2);
});
