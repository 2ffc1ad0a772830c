import { once } from "node:events";
import { createInterface } from "node:readline";
import { Connection } from "@roomlog/client";
import { expect, onTestFinished, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { roomlog, start } from "../support/cli.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

/** A server, its data, and commands that go to it. */
async function world() {
  const data = dataDirectory();
  const { url } = await serverForTest({ data });
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann" };
  return { data, url, env, run: (args: readonly string[], input = "") => roomlog(args, { env, input }) };
}

const lines = (stdout: string) => stdout.split("\n").slice(0, -1);

test("[M7] a message passes through as it is, and is read the same from the server and from its data folder", async () => {
  const { data, run } = await world();
  const sent = [
    '{"b":1e400,"a":-0,"n":123456789012345678901234567890, "2":1.0,"1":"\\u0041"}',
    '{"__proto__":{"x":[]}}',
  ];
  expect(await run(["send", "r", "--create"], `${sent.join("\n")}\n`)).toEqual({
    status: 0,
    stdout: "1\n2\n",
    stderr: "",
  });
  const { stdout } = await run(["get", "r", "--json"]);
  for (const [i, line] of lines(stdout).entries())
    expect(line.startsWith(`${sent[i]?.slice(0, -1)},"msg_id":${i + 1},"user_id":"ann"`)).toBe(true);
  expect((await run(["get", "r", "--json", "--data", data])).stdout).toBe(stdout);
  expect((await run(["tail", "r", "--json"])).stdout).toBe(stdout);
});

test.each([
  ["timestamp", "timestmap"],
  ["timestmap", "timestamp"],
] as const)("[M2] where the time is called %s, a %s of the sender's is none", async (time_field, own) => {
  const { url } = await serverForTest({ services: { main: { msglog: { time_field } } } });
  const run = (args: readonly string[], input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: "ann" }, input });
  await run(["send", "r", "--create"], `{"text":"hello","${own}":1e300}\n{"${own}":1}\n`);
  const { status, stdout } = await run(["get", "r"]);
  expect(status).toBe(0);
  expect(lines(stdout).map((line) => line.replace(/\t20\d\d-[^\t]*\t/, "\t"))).toEqual([
    `1\tann\thello  {"${own}":1e300}`,
    `2\tann\t{"${own}":1}`,
  ]);
});

test("[M21] what was erased is said to be so", async () => {
  const { url, run } = await world();
  await run(["send", "r", "--create"], "hello\n");
  await run(["send", "r"], "{}\n");
  const officer = await Connection.connect(url);
  await officer.call("core/user/login", { user: "officer" });
  await officer.call("media/room/msglog_edit", { room_id: "r", msg_id: 2, msg: { text: "not hers" } });
  await officer.call("media/room/msglog_erase_user", { user_id: "officer" });
  await officer.close();
  const said = lines((await run(["get", "r"])).stdout).map((line) => line.split("\t")[3]);
  expect(said).toEqual(["hello", "(erased) (edited)", "(edit of #2) (erased)"]);
});

test("a message is a line, whatever is in it, and cannot drive the terminal", async () => {
  const { env, run } = await world();
  const evil = "a\u001b[2J\u009b2J\u202eb\nc\u007f\u{e0041}";
  await run(["send", "r", "--create", "--text", evil]);
  const escaped = "a\\u001b[2J\\u009b2J\\u202eb\\nc\\u007f\\udb40\\udc41";
  expect((await run(["get", "r"])).stdout).toMatch(
    new RegExp(`^1\t\\S+\tann\t${escaped.replace(/[\\[]/g, "\\$&")}\n$`),
  );
  const pretty = await roomlog(["get", "r"], { env: { ...env, FORCE_COLOR: "1" } });
  expect(pretty.stdout).toContain(escaped);
  expect(JSON.parse((await run(["get", "r", "--json"])).stdout).text).toBe(evil);
});

test("[M18] get searches, by rank too, and shows what stands around a message, from a server and from a folder", async () => {
  const { data, run } = await world();
  const said = (n: number) => `{"text":"rock ${n % 100 === 1 ? "rock" : n}"}\n`;
  await run(["send", "r", "--create"], Array.from({ length: 300 }, (_, i) => said(i + 1)).join(""));
  const ids = async (...flags: string[]) =>
    lines((await run(["get", "r", "--json", ...flags])).stdout).map((line) => JSON.parse(line).msg_id);
  for (const place of [[], ["--data", data]]) {
    expect(await ids("--search", '"rock rock"', ...place)).toEqual([201, 101, 1]);
    const best = await ids("--search", "rock", "--order", "rank", "--limit", "4", ...place);
    expect(best).toEqual([201, 101, 1, 300]);
  }
  expect(await ids("--around", "60", "--limit", "3")).toEqual([59, 60, 61]);
  expect(await ids("--around", "60", "--data", data)).toHaveLength(50);
  expect(await run(["get", "r", "--around", "400"])).toMatchObject({ status: 66, stdout: "" });
  expect(await run(["get", "r", "--search", "!", "--data", data])).toMatchObject({ status: 65, stdout: "" });
});

test("[M8] get goes through pages of both orders, to the end or the limit", async () => {
  const { data, run } = await world();
  const input = Array.from({ length: 2100 }, (_, i) => `${i + 1}\n`).join("");
  expect(lines((await run(["send", "r", "--create"], input)).stdout)).toHaveLength(2100);
  const ids = async (...flags: string[]) =>
    lines((await run(["get", "r", "--json", ...flags])).stdout).map((line) => JSON.parse(line).msg_id);
  const all = Array.from({ length: 2100 }, (_, i) => i + 1);
  expect(await ids()).toEqual(all);
  expect(await ids("--order", "desc", "--data", data)).toEqual(all.toReversed());
  expect(await ids("--after", "10", "--limit", "1500")).toEqual(all.slice(10, 1510));
  expect(await ids("--before", "4", "--order", "desc")).toEqual([3, 2, 1]);
  expect(await ids("--from", "1h ago", "--to", "2000-01-01")).toEqual([]);
  const [third] = lines((await run(["get", "r", "--json", "--after", "2", "--limit", "1"])).stdout);
  const { timestmap } = JSON.parse(third ?? "");
  expect(await ids("--from", `${timestmap}`, "--to", `${timestmap + 1}`)).toContain(3);
  expect(await ids("--by", "bob")).toEqual([]);
}, 60_000);

test("a reader that has seen enough is no error", async () => {
  const { env, run } = await world();
  const input = `${"x".repeat(5000)}\n`.repeat(100);
  await run(["send", "r", "--create"], input);
  const child = start(["get", "r", "--json"], { env, input: "" });
  child.stdout?.once("data", () => child.stdout?.destroy());
  let stderr = "";
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  const [status] = await once(child, "exit");
  expect([status, stderr]).toEqual([0, ""]);
});

test("[M9, M10] send and tail -f live through a server that is killed: each line once, in order, without a hole", async () => {
  const data = dataDirectory();
  const first = await startChildServer(data);
  const { port } = new URL(first.url);
  const env = { ROOMLOG_URL: first.url, ROOMLOG_USER: "ann" };
  await roomlog(["rooms", "create", "r"], { env });
  const tail = start(["tail", "-f", "-n", "0", "--json", "r", "s"], { env, input: "" });
  await once(tail, "exit"); // there is no room s
  expect(tail.exitCode).toBe(66);
  // As many as there are: it may start later than the sender.
  const follower = start(["tail", "-f", "-n", "100", "--json", "r"], { env, input: "" });
  const heard: string[] = [];
  const last = new Promise<void>((resolve) => {
    createInterface({ input: follower.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      heard.push(JSON.parse(line).text);
      if (heard.at(-1) === "last") resolve();
    });
  });
  const sender = start(["send", "r", "--in-flight", "4"], { env });
  const ids: string[] = [];
  createInterface({ input: sender.stdout as NodeJS.ReadableStream }).on("line", (id) => ids.push(id));
  const sentEnded = once(sender, "exit");
  const texts = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  sender.stdin?.write(`${texts.slice(0, 20).join("\n")}\n`);
  await once(follower.stdout as NodeJS.ReadableStream, "data");
  await first.stop("SIGKILL");
  sender.stdin?.end(`${texts.slice(20).join("\n")}\nlast\n`);
  await startChildServer(data, ["--port", port]);
  expect(await sentEnded).toEqual([0, null]);
  await last;
  const all = [...texts, "last"];
  expect(ids).toEqual(all.map((_, i) => `${i + 1}`));
  expect(heard).toEqual(all);
  follower.kill("SIGINT");
  expect(await once(follower, "exit")).toEqual([130, null]);
}, 60_000);

test("[M9] a send whose answer is lost is sent again, and stored once", async () => {
  const { env, url, run } = await world();
  await run(["rooms", "create", "r"]);
  const proxy = await cuttingProxy(url, '"msg_id":1');
  const ended = await roomlog(["send", "r", "hello"], { env: { ...env, ROOMLOG_URL: proxy.url } });
  expect(ended).toEqual({ status: 0, stdout: "1\n", stderr: "" });
  expect(proxy.cuts()).toBe(1);
  expect(lines((await run(["get", "r"])).stdout)).toHaveLength(1);
});

test("[M12] tail -f ends with the room, and with what it missed of a life that ended while it was away", async () => {
  const { env, run, url } = await world();
  await run(["send", "r", "--create", "one"]);
  const tail = start(["tail", "-f", "r"], { env, input: "" });
  await once(tail.stdout as NodeJS.ReadableStream, "data");
  const connection = await Connection.connect(url);
  onTestFinished(() => void connection.close());
  await connection.call("core/user/login", { user: "bob" });
  await connection.call("media/room/destroy", { room_id: "r" });
  expect(await once(tail, "exit")).toEqual([0, null]);

  const data = dataDirectory();
  const first = await startChildServer(data);
  const away = { ROOMLOG_URL: first.url, ROOMLOG_USER: "ann" };
  await roomlog(["send", "r", "--create", "one"], { env: away });
  const follower = start(["tail", "-f", "--json", "r"], { env: away, input: "" });
  const heard: string[] = [];
  const input = follower.stdout as NodeJS.ReadableStream;
  createInterface({ input }).on("line", (line) => heard.push(JSON.parse(line).text));
  await once(input, "data");
  await first.stop("SIGKILL");
  const elsewhere = await startChildServer(data);
  const env2 = { ROOMLOG_URL: elsewhere.url, ROOMLOG_USER: "ann" };
  await roomlog(["send", "r", "missed"], { env: env2 });
  await roomlog(["rooms", "destroy", "r"], { env: env2 });
  await roomlog(["send", "r", "--create", "of the next life"], { env: env2 });
  await elsewhere.stop();
  await startChildServer(data, ["--port", new URL(first.url).port]);
  expect(await once(follower, "close")).toEqual([0, null]);
  expect(heard).toEqual(["one", "missed"]);
}, 60_000);

test("tail of several rooms says which one a line is of", async () => {
  const { run } = await world();
  await run(["send", "a", "--create", "one"]);
  await run(["send", "b", "--create", "two"]);
  const { stdout } = await run(["tail", "a", "b"]);
  expect(lines(stdout).map((line) => line.replace(/\t\S+Z\t/, "\t"))).toEqual([
    "a\t1\tann\tone",
    "b\t1\tann\ttwo",
  ]);
  const json = lines((await run(["tail", "--json", "a", "b"])).stdout).map((line) => JSON.parse(line));
  expect(json).toMatchObject([
    { room_id: "a", message: { text: "one" } },
    { room_id: "b", message: { text: "two" } },
  ]);
});

test("send with an empty message reads no stdin", async () => {
  const { run } = await world();
  await run(["rooms", "create", "r"]);
  const { status, stderr } = await run(["send", "r", ""], "no message\n");
  expect([status, stderr]).toEqual([64, "roomlog: the message is empty: give a text, or - to read stdin\n"]);
  expect(await run(["get", "r"])).toMatchObject({ status: 0, stdout: "" });
});

test("of lines of which one is refused the ids of the others are told, and which one it is", async () => {
  const { url } = await serverForTest({ limits: { frame_bytes: 200_000 } });
  const run = (args: readonly string[], input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: "ann" }, input });
  const input = (bad: string) => `one\ntwo\n${bad}\nfour\nfive\n`;
  expect(await run(["send", "r", "--create"], input("x".repeat(70_000)))).toEqual({
    status: 65,
    stdout: "1\n2\n3\n4\n",
    stderr:
      "roomlog: line 3 of stdin: Message too large: at most 65536 bytes (the service's msglog.max_message_bytes) (media/room/msglog_send, 304101); of the 5 lines up to here all others are stored; what follows was not sent\n",
  });
  // It ends the connection for the others too, which are sent again.
  expect(await run(["send", "r"], input("x".repeat(250_000)))).toMatchObject({
    status: 65,
    stdout: "5\n6\n7\n8\n",
    stderr: expect.stringMatching(/^roomlog: line 3 of stdin: .*1009.*all others are stored; /),
  });
  expect(await run(["send", "r"], input(JSON.stringify({ list: Array(70_000).fill(1) })))).toMatchObject({
    status: 65,
    stdout: "9\n10\n11\n12\n",
    stderr: expect.stringMatching(/^roomlog: line 3 of stdin: .*4500.*all others are stored; /),
  });
  expect(await run(["send", "r"], input("{"))).toMatchObject({
    status: 65,
    stdout: "13\n14\n",
    stderr: expect.stringContaining("line 3 of stdin is no JSON object"),
  });
  expect(await run(["send", "r", "--in-flight", "1"], input("x".repeat(70_000)))).toMatchObject({
    stdout: "15\n16\n",
    stderr: expect.stringContaining("of the 3 lines up to here all others are stored; what follows was not"),
  });
  const texts = lines((await run(["get", "r", "--json"])).stdout).map((line) => JSON.parse(line).text);
  const others = ["one", "two", "four", "five"];
  expect(texts).toEqual([...others, ...others, ...others, "one", "two", "one", "two"]);
}, 60_000);

test("send stops at a line that is no message, and says which", async () => {
  const { run } = await world();
  const ended = await run(["send", "r", "--create"], 'one\n\n{"two":\n');
  expect(ended).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(/^roomlog: line 3 of stdin is no JSON object .*--text/),
  });
  expect(await run(["send", "r", "--text"], '{"two":')).toMatchObject({ status: 0 });
  expect(lines((await run(["get", "r"])).stdout).at(-1)).toMatch(/\t\{"two":$/);
});

test("[M17] get and tail take --where, of a server and of a data folder", async () => {
  const data = dataDirectory();
  const { url } = await serverForTest({ data, services: { main: { msglog: { max_scan: 7 } } } });
  const run = (args: readonly string[], input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: "ann" }, input });
  const input = Array.from({ length: 50 }, (_, i) => `{"n":${i + 1}}\n`).join("");
  await run(["send", "r", "--create"], input);
  const ids = async (...args: string[]) =>
    lines((await run([...args, "--json"])).stdout).map((line) => JSON.parse(line).msg_id);
  const where = JSON.stringify({ "/n": { in: [2, 30, 31, 48] } });
  for (const place of [[], ["--data", data]]) {
    expect(await ids("get", "r", "--where", where, ...place)).toEqual([2, 30, 31, 48]);
    expect(await ids("get", "r", "--where", where, "--order", "desc", "--limit", "3", ...place)).toEqual([
      48, 31, 30,
    ]);
    expect(await ids("tail", "r", "--where", where, "-n", "2", ...place)).toEqual([31, 48]);
    expect(await ids("tail", "r", "--where", where, "--after", "2", ...place)).toEqual([30, 31, 48]);
    expect(await ids("tail", "r", "--where", '{"/n":0}', ...place)).toEqual([]);
  }
  const { status, stderr } = await run(["get", "r", "--where", '{"n":1}']);
  expect(status).toBe(64);
  expect(stderr).toContain("where.n is no path");
  expect((await run(["tail", "r", "--where", "n=1"])).status).toBe(64);
}, 60_000);
