import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Connection } from "@roomlog/client";
import { expect, onTestFinished, test } from "vitest";
import { roomlog, start } from "../support/cli.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { users } from "../support/with-users.ts";

test.for([
  [["get"], 64, "missing required argument 'room'\n(run \"roomlog get --help\" for what there is)\n"],
  [["rooms", "destroy"], 64, '(run "roomlog rooms destroy --help" for what there is)'],
  [["nosuch"], 64, '(run "roomlog --help" for what there is)'],
  [["get", "r", "--limit", "0"], 64, "whole number from 1 on"],
  [["get", "r", "--from", "yesterday"], 64, 'µs since 1970 or "10m ago"'],
  [["get", "r", "--order", "up"], 64, "asc, desc"],
  [["get", "r", "--url", "ftp://x"], 64, "ftp://x is no address of a server: write it as ws://HOST:PORT/"],
  [["verify", "nosuch"], 64, "nosuch is no address of a server"],
  [["tail", "-f", "--data", ".", "r"], 64, "-f follows a server"],
  [["replay", "r", "--data", "."], 64, "a replay needs a server: leave out --data"],
  [["send", "r", "--password-file", "-"], 64, "stdin has the messages"],
  [["send", "r", '{"a":'], 65, "the message is no JSON object"],
  [["token", "inspect", "x"], 65, "no JSON Web Token"],
  [["get", "r", "--token-file", "/nonexistent"], 66, "/nonexistent cannot be read"],
  [["get", "r"], 69, 'nothing listens at ws://127.0.0.1:1/: start it with "roomlog serve"'],
  [["rooms", "--url", "ws://roomlog.invalid"], 69, "there is no host roomlog.invalid"],
  [["get", "r", "--data", "/nonexistent"], 74, "/nonexistent is not the data directory of a Roomlog"],
  [["token", "--config", "/nonexistent", "--user", "ann"], 78, "/nonexistent cannot be read"],
  [["config", "show", "/nonexistent"], 78, "/nonexistent cannot be read"],
] as const)("roomlog %j ends with %d and a sentence", async ([args, status, sentence]) => {
  const ended = await roomlog(args, { env: { ROOMLOG_URL: "ws://127.0.0.1:1/" } });
  expect(ended).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(sentence) });
  expect(ended.stderr).not.toContain("    at ");
});

test("what the server refuses has its exit code and says what to do", async () => {
  const data = dataDirectory();
  const schemas = { text: { properties: { bold: { type: "boolean" } } } };
  const { url } = await serverForTest({
    data,
    services: { main: { msglog: { max_message_bytes: 1024, schemas } } },
  });
  const ends = async (args: readonly string[], status: number, sentence: string) =>
    expect(await roomlog(args, { env: { ROOMLOG_URL: url } })).toMatchObject({
      status,
      stderr: expect.stringContaining(sentence),
    });
  await ends(["rooms", "create", "r"], 0, "");
  await ends(["rooms", "create", "r"], 65, "Room already exists");
  await ends(["send", "r", "x".repeat(2000)], 65, "Message too large: at most 1024 bytes");
  const place = "Invalid message: msg/bold must be a boolean (media/room/msglog_send, 304112)";
  await ends(["send", "r", '{"type":"text","bold":1}'], 65, place);
  await ends(["send", "s", "x"], 66, "roomlog rooms create makes one");
  const wordless = "Syntax error: search: there is no word in it (media/room/msglog_get, 100044)";
  await ends(["get", "r", "--search", "!?"], 65, wordless);
  await ends(["get", "r", "--order", "rank"], 65, "order: rank is an order of what a search finds");
  await ends(["get", "r", "--epoch", "last"], 66, "Epoch not found");
  await ends(["tail", "-f", "--after", "7", "r"], 65, "Invalid cursor");
  await ends(["sessions", "nobody"], 66, "User not found");
  await ends(["get", "s", "--data", data], 66, "no log of a room s");
  await ends(
    ["get", "r", "--url", url.replace("127.0.0.1", "0.0.0.0")],
    77,
    "HTTP 403, This server runs without users",
  );
}, 60_000);

test("who may not log in, or lacks a right, ends with 77", async () => {
  const some = users.map((user) => ({ ...user, rights: user.name === "bob" ? ["msglog_get"] : ["*"] }));
  const { url } = await serverForTest({ users: some });
  const run = (args: readonly string[], user: string, password = "secret", input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: user, ROOMLOG_PASSWORD: password }, input });
  expect(await run(["rooms", "create", "r"], "ann")).toMatchObject({ status: 0 });
  expect(await run(["rooms"], "ann", "wrong")).toMatchObject({
    status: 77,
    stderr: expect.stringContaining("wrong user or password (ann): the server's log says why"),
  });
  expect(await roomlog(["rooms"], { env: { ROOMLOG_URL: url, ROOMLOG_USER: "ann" } })).toMatchObject({
    status: 77,
    stderr: expect.stringContaining("ann may not log in: give --user and --password-file"),
  });
  expect(await roomlog(["rooms", "--token", "xx"], { env: { ROOMLOG_URL: url } })).toMatchObject({
    status: 77,
    stderr: expect.stringContaining("the token is not taken"),
  });
  expect(await run(["send", "r", "x"], "bob")).toMatchObject({
    status: 77,
    stderr:
      "roomlog: Unauthorized: it needs the right msglog_send (docs/rights.md) (media/room/msglog_send, 100030)\n",
  });
  expect(await run(["sessions"], "ann")).toMatchObject({ status: 77 });
  expect(
    await roomlog(["get", "r", "--url", url, "--user", "bob", "--password-file", "-"], { input: "secret\n" }),
  ).toMatchObject({ status: 0 });
}, 60_000);

test("[Q4] send waits as a rate asks it to, and keeps the order", async () => {
  const rates = { connection: { requests: 40, requests_burst: 10 } };
  const { url } = await serverForTest({ users, limits: { rates } });
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann", ROOMLOG_PASSWORD: "secret" };
  const input = Array.from({ length: 40 }, (_, i) => `${i + 1}\n`).join("");
  const ended = await roomlog(["send", "r", "--create"], { env, input });
  expect(ended).toEqual({ status: 0, stdout: input, stderr: "" });
  const { stdout } = await roomlog(["get", "r", "--json"], { env });
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).text),
  ).toEqual(input.trim().split("\n"));
  const hurried = await roomlog(["send", "r", "--in-flight", "40"], { env, input });
  expect(hurried.status).toBe(0);
  expect(
    hurried.stdout
      .trim()
      .split("\n")
      .map(Number)
      .toSorted((a, b) => a - b),
  ).toEqual(Array.from({ length: 40 }, (_, i) => i + 41));
});

test("[Q6] what may succeed later ends with 75", async () => {
  const { url } = await serverForTest({ users, limits: { sessions_per_user: 1 } });
  const connection = await Connection.connect(url);
  onTestFinished(() => void connection.close());
  await connection.call("core/user/login", { user: "ann", password: "secret" });
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann", ROOMLOG_PASSWORD: "secret" };
  expect(await roomlog(["rooms"], { env })).toMatchObject({
    status: 75,
    stderr: expect.stringContaining("try again later"),
  });
});

test("what is no Roomlog is told from what is not there", async () => {
  const other = createServer((_request, response) => response.writeHead(404).end("go away\n"));
  onTestFinished(() => void other.close());
  await once(other.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const { status, stderr } = await roomlog(["rooms", "--url", url]);
  expect([status, stderr]).toEqual([
    69,
    expect.stringMatching(/does not take the connection: HTTP 404, go away/),
  ]);
  const secure = await roomlog(["rooms", "--url", url.replace("http", "wss")]);
  expect([secure.status, secure.stderr]).toEqual([69, expect.stringContaining("does not speak wss")]);
});

test("[T3] a send that ends its connection is told from a server that is not there", async () => {
  const { url } = await serverForTest({ limits: { frame_bytes: 200_000, frame_values: 1000 } });
  const env = { ROOMLOG_URL: url };
  const send = (input: string) => roomlog(["send", "r", "--create"], { env, input });
  expect(await send("x".repeat(250_000))).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(
      /^roomlog: line 1 of stdin: the connection closed \(1009: limits.frame_bytes: .*\): the server does not take what was sent; what follows was not sent\n$/,
    ),
  });
  expect(await send(JSON.stringify({ list: Array(2000).fill(1) }))).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(
      /^roomlog: line 1 of stdin: the connection closed \(4500.*\): the server does not take what was sent; /,
    ),
  });
});

test("[C3] send whose session is stopped ends with 69", async () => {
  const { url } = await serverForTest();
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann" };
  const sender = start(["send", "r", "--create"], { env });
  let stderr = "";
  sender.stderr?.on("data", (chunk) => (stderr += chunk));
  sender.stdin?.write("one\n");
  await once(sender.stdout as NodeJS.ReadableStream, "data");
  const { stdout } = await roomlog(["sessions"], { env: { ...env, ROOMLOG_USER: "bob" } });
  const session_id = /^ann\t(\S+)/m.exec(stdout)?.[1] ?? "";
  expect(await roomlog(["sessions", "--stop", session_id], { env })).toMatchObject({ status: 0 });
  sender.stdin?.end("two\n");
  expect(await once(sender, "close")).toEqual([69, null]);
  expect(stderr).toMatch(
    /^roomlog: line 2 of stdin: the connection closed \(4502.*\); of the 2 lines up to here all others /,
  );
});
