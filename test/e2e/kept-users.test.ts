import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readKeptUsers } from "../../packages/server/src/config/kept-users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const CLI = join(import.meta.dirname, "../../packages/server/bin/roomlog.js");

/** The `roomlog user` of a data directory; `input` is stdin. */
function cli(data: string) {
  return (args: readonly string[], input = "") => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [CLI, "user", ...args, ...(args[0] === "hash" ? [] : ["--data", data])],
      { input, encoding: "utf8", timeout: 20_000 },
    );
    return { status, stdout, stderr };
  };
}

async function login(url: string, password: string, user = "ann") {
  const client = await RawClient.connect(url);
  return { client, answer: await client.call("core/user/login", { user, password }) };
}

test("[L17] users that are added, changed and removed count without a restart; open sessions stay", async () => {
  const data = dataDirectory();
  const user = cli(data);
  const added = user(["add", "ann", "--rights", "room_read,users"], "one\n");
  expect(added).toMatchObject({ status: 0, stderr: "" });
  expect(added.stdout).toContain("until it is restarted or gets SIGHUP");
  expect(statSync(join(data, "users.json")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(data, "users.json"), "utf8")).not.toContain("one");
  const clock = new ManualClock();
  const { url, open } = await serverForTest({ data, limits: { login_seconds: 1000 } }, { clock });
  expect(open).toBe(false);
  const session = await login(url, "one");
  expect(session.answer).toMatchObject({ result: "ok" });
  expect(await session.client.call("core/user/list")).toMatchObject({ result: "ok" });
  expect(await session.client.call("core/session/stop", { session_id: "x" })).toMatchObject({
    data: { code: 100030 },
  });
  expect(user(["passwd", "ann"], "two")).toMatchObject({ status: 0 });
  clock.advance(1000);
  expect((await login(url, "two")).answer).toMatchObject({ result: "ok" });
  expect(user(["add", "bob"], "three").stdout).not.toContain("SIGHUP");
  clock.advance(1000);
  expect((await login(url, "three", "bob")).answer).toMatchObject({ result: "ok" });
  const removed = user(["remove", "ann"]);
  expect(removed).toMatchObject({ status: 0, stdout: expect.stringContaining("go on until they end") });
  clock.advance(1000);
  const late = login(url, "two");
  const waiting = setInterval(() => clock.advance(20), 20);
  expect((await late).answer).toMatchObject({ data: { code: 100030 } });
  clearInterval(waiting);
  expect(await session.client.call("core/user/list")).toMatchObject({ result: "ok" });
}, 60_000);

test("[L17] a file that cannot be used stops a start, and changes nothing for a server that runs", async () => {
  const data = dataDirectory();
  const file = join(data, "users.json");
  cli(data)(["add", "ann"], "one");
  const clock = new ManualClock();
  const errors: object[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => errors.push(fields) };
  const server = await serverForTest({ data }, { clock, logger });
  writeFileSync(file, "{");
  for (let look = 0; look < 2; look++) {
    clock.advance(1000);
    expect((await login(server.url, "one")).answer).toMatchObject({ result: "ok" });
  }
  expect(errors).toHaveLength(1);
  await server.close();
  await expect(serverForTest({ data })).rejects.toThrow(/^data: .*users\.json cannot be used/);
});

test("[L17] users that have all been removed leave a server that lets nobody in", async () => {
  const data = dataDirectory();
  const user = cli(data);
  user(["add", "ann"], "one");
  expect(user(["remove", "ann"]).stdout).toContain("No users are left");
  const server = await serverForTest({ data });
  expect(server.open).toBe(false);
  await server.close();
  rmSync(join(data, "users.json"));
  expect((await serverForTest({ data })).open).toBe(true);
});

test("[L7, L17] a server that runs open asks for passwords after a reload", async () => {
  const data = dataDirectory();
  const server = await serverForTest({ data });
  expect((await login(server.url, "any")).answer).toMatchObject({ result: "ok" });
  cli(data)(["add", "ann"], "one");
  expect((await login(server.url, "any")).answer).toMatchObject({ result: "ok" });
  await server.reload();
  expect((await login(server.url, "any")).answer).toMatchObject({ data: { code: 100030 } });
  expect((await login(server.url, "one")).answer).toMatchObject({ result: "ok" });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log("SKIP what root writes for the user of the server: only root can");

test.skipIf(!isRoot)("[L17] what root adds belongs to who has the directory, and so to the server", () => {
  const data = dataDirectory();
  chownSync(data, 65_534, 65_534);
  expect(cli(data)(["add", "ann"], "one")).toMatchObject({ status: 0 });
  expect(statSync(join(data, "users.json"))).toMatchObject({ uid: 65_534, gid: 65_534 });
  expect(readdirSync(data)).toEqual(["users.json"]);
});

test.skipIf(!isRoot)("[L17] a file of somebody else is named with both users, and what to do", () => {
  const data = dataDirectory();
  cli(data)(["add", "ann"], "one");
  chmodSync(data, 0o755);
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
  expect(() => readKeptUsers(data)).toThrow(
    `users.json cannot be used: it belongs to user 0, and this runs as user 65534; chown --reference=${data}`,
  );
});

test("[L17] a role of a kept user is one of the configuration", async () => {
  const data = dataDirectory();
  const config = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(config, "roles: { reader: { rights: [room_read] } }\n");
  const user = cli(data);
  expect(user(["add", "ann", "--role", "king", "--config", config], "x")).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("no role king"),
  });
  expect(user(["add", "ann", "--role", "reader", "--config", config], "x")).toMatchObject({ status: 0 });
  const { url } = await serverForTest({ data, roles: { reader: { rights: ["room_read"] } } });
  const { client } = await login(url, "x");
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  expect(await client.call("core/user/list")).toMatchObject({ data: { code: 100030 } });
  await expect(serverForTest({ data })).rejects.toThrow('there is no role "reader"');
});

test("[L17] roomlog user says what it cannot do", () => {
  const data = dataDirectory();
  const user = cli(data);
  const says = (args: readonly string[], input: string, status: number, sentence: string) =>
    expect(user(args, input)).toMatchObject({ status, stderr: expect.stringContaining(sentence) });
  says(["add", "ann"], "", 64, "no password on stdin");
  says(["add", "*"], "x", 64, "cannot be the name of a user");
  says(["remove", "ann"], "", 64, "there is no user ann");
  says(["add", "ann", "--rights", "room_read,msglog_sent"], "x", 64, "did you mean msglog_send?");
  expect(user(["list"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(user(["add", "ann"], "x")).toMatchObject({ status: 0 });
  says(["add", "ann"], "x", 64, "ann is there already");
  expect(JSON.parse(user(["list", "--json"]).stdout)).toEqual({
    name: "ann",
    roles: [],
    from: join(data, "users.json"),
  });
  says(["list", "--config", "/nonexistent.yaml"], "", 78, "/nonexistent.yaml");
  expect(cli("/proc/x")(["add", "bob"], "x")).toMatchObject({
    status: 74,
    stderr: expect.stringContaining("cannot be written"),
  });
}, 60_000);
