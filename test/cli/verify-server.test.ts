import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { roomlog } from "../support/cli.ts";
import { people } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory } from "../support/server.ts";

const RIGHTS = {
  ann: ["*", "msglog_erase", "msglog_purge", "room_destroy"],
  bob: ["*"],
  cid: ["room_read", "msglog_history", { right: "msglog_get", rooms: "r" }],
  dora: ["room_read"],
  eve: ["room_read", "msglog_history", { right: "msglog_get", rooms: "r", where: { "/n": { lt: 5 } } }],
  nell: ["room_read", "room_join", "msglog_get"],
} satisfies Parameters<typeof people>[0];

/** A server with users on a data folder, and `verify` of it as one of them. */
async function serving(data: string) {
  const { server, url, login } = await people(RIGHTS, { data });
  const ann = await login("ann");
  const in_ = (room_id: string) => (cmd: string, more: object) =>
    ann.call(`media/room/${cmd}`, { room_id, ...more });
  const verify = async (user: string, ...args: string[]) => {
    const env = { ROOMLOG_USER: user, ROOMLOG_PASSWORD: "secret", ROOMLOG_DATA: "/nonexistent" };
    const { status, stdout, stderr } = await roomlog(["verify", url, "--json", ...args], { env });
    return {
      status,
      stderr,
      said: stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    };
  };
  return { server, url, ann, in_, verify };
}

/** The room "r" has twelve entries of all kinds, "s" two; "ended" is over. */
async function world() {
  const data = dataDirectory();
  const the = await serving(data);
  const [inR, inS, inEnded] = [the.in_("r"), the.in_("s"), the.in_("ended")];
  for (const call of [inR, inS, inEnded]) await call("create", { class: "chat" });
  for (let n = 1; n <= 6; n++) await inR("msglog_send", { msg: { n, text: `é ${n}` } });
  await inR("msglog_edit", { msg_id: 2, msg: { n: 22 } });
  await inR("msglog_send", { msg: { n: 8 }, mentions: ["bob"], ref: 1 });
  await inR("msglog_delete", { msg_id: 8, reason: "no" });
  for (let n = 10; n <= 12; n++) await inR("msglog_send", { msg: { n } });
  for (let n = 1; n <= 2; n++) await inS("msglog_send", { msg: { n } });
  await inEnded("msglog_send", { msg: { n: 1 } });
  await inEnded("destroy", {});
  const digestAt = async (at: number) => (await inR("msglog_digest", { at })).data;
  return { data, inR, digestAt, ...the };
}

test("[O7] verify URL recomputes a log from the beginning, or from an entry on, and says its newest digest", async () => {
  const { inR, digestAt, verify } = await world();
  const { epoch, digest } = await digestAt(12);
  const sound = { room_id: "r", epoch, from_id: 1, msg_id: 12, digest };
  const all = { lives: 1, entries: 12, faults: 0, unreadable: 0 };
  for (const user of ["ann", "bob", "cid"])
    expect(await verify(user, "--room", "r")).toEqual({ status: 0, stderr: "", said: [sound, all] });
  const { digest: kept } = await digestAt(7);
  expect((await verify("bob", "--room", "r", "--from", `7:${kept}`)).said).toEqual([
    { ...sound, from_id: 8 },
    { ...all, entries: 5 },
  ]);
  expect((await verify("bob", "--room", "r", "--from", `12:${digest}`)).said).toEqual([
    { ...sound, from_id: 13 },
    { ...all, entries: 0 },
  ]);
  // From there on the server's digest is where it begins, and one that was kept from before says nothing.
  await inR("msglog_purge", { before: 5 });
  for (const from of [[], ["--from", `2:${(await digestAt(5)).digest}`]])
    expect((await verify("bob", "--room", "r", ...from)).said).toEqual([
      { ...sound, from_id: 5 },
      { ...all, entries: 8 },
    ]);
  await inR("msglog_erase_user", { user_id: "ann" });
  expect((await verify("bob", "--room", "r")).said[0]).toEqual({ ...sound, from_id: 5 });
  await inR("msglog_purge", { before: 13 });
  expect((await verify("bob", "--room", "r")).said).toEqual([
    { ...sound, from_id: 13 },
    { ...all, entries: 0 },
  ]);
}, 120_000);

test("[O7] verify URL says exactly where a log is another one, and goes on with the next", async () => {
  const { data, server, digestAt, verify } = await world();
  const { digest } = await digestAt(12);
  const kept = await digestAt(7);
  expect(await verify("ann", "--room", "r", "--from", `7:${digest}`)).toMatchObject({
    status: 65,
    said: [
      { room_id: "r", msg_id: 7, what: `it has another digest: expected ${digest}, found ${kept.digest}` },
      {},
    ],
  });
  // A log that was put back to an older copy.
  expect(await verify("ann", "--room", "r", "--from", `40:${digest}`)).toMatchObject({
    status: 65,
    said: [{ msg_id: 13, what: "it is missing: the log ends before it" }, { faults: 1 }],
  });
  await server.close();
  const changed = async (sql: string) => {
    const db = new Database(join(data, "roomlog.db"));
    const copy = dataDirectory();
    await db.backup(join(copy, "roomlog.db"));
    db.close();
    const other = new Database(join(copy, "roomlog.db"));
    expect(other.prepare(sql).run().changes).toBe(1);
    other.close();
    const { server, verify } = await serving(copy);
    const ended = await verify("ann");
    await server.close();
    return ended;
  };
  const IN_R = "WHERE room_key = (SELECT room_key FROM rooms WHERE room_id = 'r') AND msg_id =";
  const conclusion = { lives: 2, faults: 1, unreadable: 0 };
  for (const [sql, msg_id, what] of [
    [`UPDATE messages SET msg = '{"n":5}' ${IN_R} 5`, 5, "does not follow"],
    [`UPDATE messages SET user_id = 'eve' ${IN_R} 3`, 3, "does not follow"],
    [`UPDATE messages SET timestmap = timestmap + 1 ${IN_R} 12`, 12, "does not follow"],
    [`UPDATE messages SET msg = '{"n":23}' ${IN_R} 7`, 7, "does not follow"],
    [`DELETE FROM messages ${IN_R} 6`, 6, "missing"],
    [`DELETE FROM messages ${IN_R} 12`, 12, "missing"],
    [`UPDATE messages SET mentions = '["eve"]' ${IN_R} 8`, 8, "does not follow"],
  ] as const) {
    const { status, said } = await changed(sql);
    expect([sql, status, said]).toEqual([
      sql,
      65,
      [
        { room_id: "r", epoch: expect.any(String), msg_id, what: expect.stringContaining(what) },
        expect.objectContaining({ room_id: "s", msg_id: 2 }),
        expect.objectContaining(conclusion),
      ],
    ]);
  }
}, 240_000);

test("[O7] verify URL looks at all rooms that the user may list, in all their lives, as far as he may read them", async () => {
  const { url, verify } = await world();
  const { said } = await verify("ann");
  expect(said.map(({ room_id, msg_id }) => [room_id, msg_id])).toEqual([
    ["r", 12],
    ["s", 2],
    [undefined, undefined],
  ]);
  expect(said.at(-1)).toEqual({ lives: 2, entries: 14, faults: 0, unreadable: 0 });
  expect((await verify("cid")).said.at(-1)).toEqual({ lives: 1, entries: 12, faults: 0, unreadable: 1 });
  expect((await verify("dora")).said).toEqual([{ lives: 0, entries: 0, faults: 0, unreadable: 2 }]);
  expect((await verify("ann", "--room", "ended")).said).toMatchObject([{ msg_id: 1 }, { lives: 1 }]);
  expect((await verify("ann", "--room", "ended", "--epoch", "last")).said).toMatchObject([{ msg_id: 1 }, {}]);
  const env = { ROOMLOG_USER: "ann", ROOMLOG_PASSWORD: "secret" };
  const plain = await roomlog(["verify", url, "--room", "s"], { env });
  expect(plain).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /^s\t[0-9a-f-]{36}\t1\t2\t[0-9a-f]{64}\tok\n2 entries of 1 log at ws:.*: all is as it was written.\n$/,
    ),
  });
}, 120_000);

test("[O7] [R11] for a user behind his first join verify URL begins there, and before it there is nothing for him", async () => {
  const { url, inR, digestAt, verify } = await world();
  const before = await verify("nell", "--room", "r");
  expect(before).toMatchObject({ status: 77, said: [], stderr: expect.stringContaining("R11") });
  expect((await verify("nell")).said.at(-1)).toEqual({ lives: 0, entries: 0, faults: 0, unreadable: 2 });
  const nell = await RawClient.connect(url);
  await nell.call("core/user/login", { user: "nell", password: "secret" });
  await nell.call("media/room/join", { room_id: "r" });
  await inR("msglog_edit", { msg_id: 12, msg: { n: 120 } });
  await inR("msglog_send", { msg: { n: 14 } });
  const { epoch, digest } = await digestAt(14);
  expect(await verify("nell", "--room", "r")).toMatchObject({
    status: 0,
    said: [
      { room_id: "r", epoch, from_id: 13, msg_id: 14, digest },
      { entries: 2, faults: 0 },
    ],
  });
}, 120_000);

test("[O7] [M17] what a right's filter hides is no fault of the log, and is said not to be checked", async () => {
  const { url, data, server, inR, digestAt, verify } = await world();
  const { epoch, digest } = await digestAt(12);
  const part = { room_id: "r", epoch, from_id: 1, msg_id: 12, digest };
  const seen = await verify("eve", "--room", "r");
  const { hidden } = seen.said[0];
  expect(hidden).toBeGreaterThan(4);
  expect(seen).toEqual({
    status: 77,
    stderr: "",
    said: [
      { ...part, hidden },
      { lives: 1, entries: 12 - hidden, faults: 0, hidden, unreadable: 0 },
    ],
  });
  const env = { ROOMLOG_USER: "eve", ROOMLOG_PASSWORD: "secret" };
  const { stdout } = await roomlog(["verify", url, "--room", "r"], { env });
  expect(stdout).toContain(`\tpart\t${hidden}\n`);
  expect(stdout).toContain(`Not checked: ${hidden} entries more`);
  await inR("msglog_purge", { before: 3 });
  expect((await verify("eve", "--room", "r")).said[0]).toMatchObject({ from_id: 3, msg_id: 12, digest });
  // What is not there at all is told to him, too.
  await server.close();
  const db = new Database(join(data, "roomlog.db"));
  db.exec(
    "DELETE FROM messages WHERE msg_id = 5 AND room_key = (SELECT room_key FROM rooms WHERE room_id = 'r')",
  );
  db.close();
  const again = await serving(data);
  expect(await again.verify("eve", "--room", "r")).toMatchObject({
    status: 65,
    said: [{ room_id: "r", msg_id: 5, what: "it is missing" }, { faults: 1 }],
  });
}, 120_000);

test("[O7] verify URL ends with the exit code of what is in the way", async () => {
  const { url, verify } = await world();
  expect((await verify("dora", "--room", "r")).status).toBe(77);
  expect((await verify("nobody")).status).toBe(77);
  expect((await verify("ann", "--room", "nowhere")).status).toBe(66);
  expect((await verify("ann", "--room", "r", "--epoch", "nothing")).status).toBe(66);
  expect((await verify("ann", "--from", `1:${"0".repeat(64)}`)).status).toBe(64);
  expect((await verify("ann", "--room", "r", "--from", "1:abc")).status).toBe(64);
  expect((await verify("ann", "--data", ".")).stderr).toContain("--data does not go with a URL");
  expect((await roomlog(["verify", "--data", ".", "--user", "ann"])).status).toBe(64);
  expect((await roomlog(["verify", "ws://127.0.0.1:1/"])).status).toBe(69);
  void url;
}, 120_000);
