import { readdirSync, readFileSync } from "node:fs";
import type { Logger } from "roomlog";
import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket, upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";

const memory = { store: { kind: "memory" } } as const;
const REMOTE = expect.stringMatching(/^ws:127\.0\.0\.1:\d+$/);

// biome-ignore lint/suspicious/noExplicitAny: lines have many shapes
type Line = any;

/** A logger that keeps the lines of the audit log. */
function audited() {
  const lines: Line[] = [];
  const keep = (fields: object, msg: string) => {
    if ("audit" in fields) lines.push({ ...fields, msg });
  };
  const logger: Logger = { debug() {}, info: keep, warn() {}, error() {} };
  return {
    logger,
    of: (audit: string) => lines.filter((line) => line.audit === audit),
    forget: (audit: string) =>
      void lines.splice(0, lines.length, ...lines.filter((line) => line.audit !== audit)),
  };
}

const open = (url: string, user: string) => RawClient.login(url, user, `${user}-1`);

test("[T11] a login has a line with who and from where, a refused one with whom it claimed", async () => {
  const log = audited();
  const users = [{ name: "ann", password: await hashPassword("right") }];
  const { url } = await serverForTest({ ...memory, users }, log);
  const client = await RawClient.connect(url);
  await client.call("core/user/login", { user: "ann", password: "wrong" });
  await client.call("core/user/login", { user: "ann", password: "right", session_id: "a1" });
  expect(log.of("login_refused")).toMatchObject([
    { service: "main", remote: REMOTE, user: "ann", reasons: ["users: wrong password"] },
  ]);
  expect(log.of("login")).toMatchObject([
    { service: "main", remote: REMOTE, user: "ann", session: "a1", msg: "logged in" },
  ]);
});

test("[T11] a refused command has a line with command, user and room", async () => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  const client = await open(url, "ann");
  await client.call("core/server/reload");
  await client.call("core/event/send", { class: "media", type: "x", obj_id: "r" });
  const who = { service: "main", remote: REMOTE, user: "ann", session: "ann-1" };
  expect(log.of("refused")).toMatchObject([
    { ...who, command: "core/server/reload", msg: "a command was refused" },
    { ...who, command: "core/event/send" },
  ]);
});

test("[T11] … with the room that it named", async () => {
  const log = audited();
  const users = [{ name: "ann", password: await hashPassword("x"), rights: ["room_create"] }];
  const { url } = await serverForTest({ ...memory, users }, log);
  const client = await RawClient.connect(url);
  await client.call("core/user/login", { user: "ann", password: "x" });
  for (const room_id of ["team-1", 'with "escapes" \u00e9']) {
    await client.call("media/room/msglog_send", { room_id, msg: { secret: "x" } });
    expect(log.of("refused").at(-1)).toMatchObject({ command: "media/room/msglog_send", room_id });
  }
});

test("[T11] refusals have 10 lines a second for a connection; what was left out is counted", async () => {
  const log = audited();
  const clock = new ManualClock();
  const { url } = await serverForTest(memory, { ...log, clock });
  const client = await open(url, "ann");
  for (let i = 0; i < 25; i++) await client.call("core/server/reload");
  expect(log.of("refused")).toHaveLength(10);
  clock.advance(1000);
  await client.call("core/server/reload");
  expect(log.of("refused").at(-1)).toMatchObject({ omitted: 15 });
  for (let i = 0; i < 12; i++) await client.call("core/server/reload");
  const other = await open(url, "bob");
  await other.call("core/server/reload");
  expect(log.of("refused").at(-1)).toMatchObject({ user: "bob" });
  await client.close();
  await expect.poll(() => log.of("closed")).toMatchObject([{ user: "ann", omitted: 3 }]);
});

test("[T11] acts on what others have or may do have a line once they are done", async () => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  const [ann] = [await open(url, "ann"), await open(url, "bob")];
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  await ann.call("media/room/msglog_send", { room_id: "r", msg: { secret: "canary" } });
  await ann.call("media/room/update", { room_id: "r", retention: { max_messages: 10 } });
  await ann.call("media/room/msglog_purge", { room_id: "r", before: 1 });
  await ann.call("media/room/destroy", { room_id: "r" });
  await ann.call("media/room/destroy", { room_id: "r" });
  await ann.call("core/session/stop", { session_id: "bob-1" });
  await ann.settled();
  const who = { service: "main", remote: REMOTE, user: "ann", session: "ann-1", msg: "done", audit: "admin" };
  expect(log.of("admin")).toEqual([
    { ...who, command: "media/room/update", data: { room_id: "r", retention: { max_messages: 10 } } },
    { ...who, command: "media/room/msglog_purge", data: { room_id: "r", before: 1 } },
    { ...who, command: "media/room/destroy", data: { room_id: "r" } },
    { ...who, command: "core/session/stop", data: { session_id: "bob-1" } },
  ]);
  expect(log.of("closed")).toMatchObject([
    { user: "bob", session: "bob-1", by: "server", code: 4502, reason: "Session stop" },
  ]);
});

test("[T11] docs/operations.md lists the acts that have a line, and no other", () => {
  const services = new URL("../../packages/server/src/services/", import.meta.url);
  const done = readdirSync(services, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(name, services), "utf8"))
    .filter((source) => /^ +audited: /m.test(source))
    .map(
      (source) =>
        /command\("(\w+)\/(\w+)\/(\w+)"/.exec(source) as unknown as [string, string, string, string],
    )
    .map(([, cls, subclass, cmd]) => (cls === "core" ? `${subclass} ${cmd}` : cmd));
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const row = page.split("\n").find((line) => line.startsWith("| `admin` |"));
  const listed = Array.from(row?.split("|")[2]?.matchAll(/`([^`]+)`/g) ?? [], ([, name]) => name);
  expect(listed.sort()).toEqual(done.sort());
});

test("[T11] who may see the marks of a room is named when that was changed", async () => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  const ann = await open(url, "ann");
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const data = {
    room_id: "r",
    join: "invited",
    history: "joined",
    read_only: true,
    slow_mode: 5,
    marks: "own",
  };
  expect((await ann.call("media/room/set_access", data)).result).toBe("ok");
  await ann.settled();
  expect(log.of("admin")).toMatchObject([{ command: "media/room/set_access", data }]);
});

test("[T11] who changes a message of somebody else has a line, without what he says; of his own there is none", async () => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  const [ann, bob] = [await open(url, "ann"), await open(url, "bob")];
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const inR = (client: RawClient, cmd: string, data: object) =>
    client.call(`media/room/${cmd}`, { room_id: "r", ...data });
  for (const client of [ann, bob, ann]) await inR(client, "msglog_send", { msg: { text: "canary" } });
  await inR(ann, "msglog_edit", { msg_id: 1, msg: { text: "canary" } });
  await inR(ann, "msglog_delete", { msg_id: 1, reason: "canary" });
  const edit = { msg_id: 2, msg: { text: "canary" }, client_msg_id: "once" };
  expect((await inR(ann, "msglog_edit", edit)).data).toEqual({ msg_id: 6 });
  expect((await inR(ann, "msglog_edit", edit)).data).toEqual({ msg_id: 6, duplicate: true });
  expect((await inR(ann, "msglog_delete", { msg_id: 2, reason: "canary" })).data).toEqual({ msg_id: 7 });
  expect((await inR(ann, "msglog_delete", { msg_id: 2 })).data.code).toBe(304110);
  await inR(ann, "mute", { user_id: "bob", seconds: 60, reason: "canary" });
  await inR(ann, "msglog_hold", { hold: true, reason: "canary" });
  await inR(ann, "set_access", { marks: "own" });
  expect(log.of("admin").map(({ command, data }) => [command, data])).toEqual([
    ["media/room/msglog_edit", { room_id: "r", msg_id: 2 }],
    ["media/room/msglog_delete", { room_id: "r", msg_id: 2 }],
    ["media/room/mute", { room_id: "r", user_id: "bob", seconds: 60 }],
    ["media/room/msglog_hold", { room_id: "r", hold: true }],
    ["media/room/set_access", { room_id: "r", marks: "own" }],
  ]);
});

test("[T11] an act has its line also when who asked has gone before it was answered", async () => {
  const log = audited();
  const store = new SlowStore();
  const { url } = await serverForTest({}, { ...log, store });
  const bob = await open(url, "bob");
  await bob.call("media/room/create", { class: "chat", room_id: "r" });
  await bob.call("media/room/msglog_send", { room_id: "r", msg: {} });
  const asked = [
    ["media/room/ban", { room_id: "r", user_id: "bob" }],
    ["media/room/msglog_purge", { room_id: "r", before: 2 }],
    ["media/room/msglog_erase_user", { user_id: "bob" }],
    ["media/room/destroy", { room_id: "r" }],
    ["media/room/destroy", { room_id: "none" }],
  ] as const;
  for (const [command, data] of asked) {
    const [cls, subclass, cmd] = command.split("/");
    const ann = await open(url, "ann");
    store.hold();
    ann.send({ class: cls, subclass, cmd, data, tid: 1 });
    await store.held;
    await ann.close();
    await expect.poll(() => log.of("closed").length, { timeout: 10_000 }).toBeGreaterThan(0);
    log.forget("closed");
    store.release();
    // What comes behind it in the store.
    await bob.call("media/room/create", { class: "chat" });
  }
  const who = { service: "main", remote: REMOTE, user: "ann", session: "ann-1", msg: "done", audit: "admin" };
  await expect
    .poll(() => log.of("admin"))
    .toEqual(asked.slice(0, -1).map(([command, data]) => ({ ...who, command, data })));
});

test("[T11] a reload has a line, by a command also with who", async () => {
  const log = audited();
  const users = [{ name: "root", password: await hashPassword("x"), rights: ["admin"] }];
  const server = await serverForTest({ ...memory, users }, log);
  const client = await RawClient.connect(server.url);
  await client.call("core/user/login", { user: "root", password: "x" });
  await client.call("core/server/reload");
  await server.reload();
  await client.settled();
  expect(log.of("reload")).toMatchObject([{ restart_needed: [] }, { restart_needed: [] }]);
  expect(log.of("admin")).toMatchObject([{ user: "root", command: "core/server/reload" }]);
});

test("[T11] a limit has a line, once for each connection", async () => {
  const log = audited();
  const services = { main: { msglog: { max_message_bytes: 10 } } };
  const { url } = await serverForTest({ ...memory, services, limits: { subscriptions: 2 } }, log);
  const client = await open(url, "ann");
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let i = 0; i < 3; i++) {
    await client.call("media/room/msglog_send", { room_id: "r", msg: { text: "canary" } });
    await client.call("core/event/subscribe", { class: `c${i}` });
  }
  await (await open(url, "bob")).call("core/event/subscribe", { class: "c" });
  expect(log.of("limit")).toMatchObject([
    { user: "ann", command: "media/room/msglog_send", code: 304101, limit: 10 },
    { user: "ann", command: "core/event/subscribe", code: 100050, limit: 2 },
    { user: "bob", command: "core/event/subscribe", code: 100050, limit: 2 },
  ]);
  expect(JSON.stringify(log.of("limit"))).not.toContain("canary");
});

test.for([
  [
    "breaks the protocol",
    maskedFrame(0xc1, "x"),
    { by: "server", code: 1002, reason: "WebSocket protocol error" },
  ],
  ["sends no JSON", maskedFrame(0x81, "{"), { by: "server", code: 4500, reason: "invalid JSON" }],
  [
    "says why it goes",
    maskedFrame(0x88, Buffer.from("\u0003\u00e8canary", "latin1")),
    { by: "client", code: 1000 },
  ],
  ["goes without a word", undefined, { by: "client", code: 1006 }],
] as const)("[T11] a client that %s has a line with the close code", async ([, frame, how]) => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  const socket = await RawSocket.connect(url);
  const login = { class: "core", subclass: "user", cmd: "login", data: { user: "ann" }, tid: 1 };
  socket.write(maskedFrame(0x81, JSON.stringify(login)));
  await socket.texts(2);
  if (frame) socket.write(frame);
  else socket.reset();
  await expect.poll(() => log.of("closed")).toHaveLength(1);
  const { audit: _, msg: __, service: ___, user: ____, session: _____, ...line } = log.of("closed")[0];
  expect(line).toEqual({ remote: REMOTE, reason: undefined, ...how });
});

test("[T11] who comes and goes without a login fills no log", async () => {
  const log = audited();
  const { url } = await serverForTest(memory, log);
  (await RawSocket.connect(url)).reset();
  const client = await open(url, "ann");
  await client.close();
  await expect.poll(() => log.of("closed")).toMatchObject([{ user: "ann" }]);
});

test("[T11] a connection that is not taken has a line, 10 a second for all", async () => {
  const log = audited();
  const clock = new ManualClock();
  const { url } = await serverForTest(memory, { ...log, clock });
  for (let i = 0; i < 15; i++) await upgrade(url, { Origin: "https://evil.example" });
  expect(log.of("not_taken")).toHaveLength(10);
  expect(log.of("not_taken")[0]).toMatchObject({
    remote: "127.0.0.1",
    status: 403,
    path: "/",
    origin: "https://evil.example",
  });
  clock.advance(1000);
  await upgrade(url, { Origin: "https://evil.example" });
  expect(log.of("not_taken").at(-1)).toMatchObject({ omitted: 5 });
});
