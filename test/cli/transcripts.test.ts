import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { roomlog, start } from "../support/cli.ts";
import { people } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

/** A server whose room "r" has replies, edits and deletions, and commands that go to it. */
async function world() {
  const data = dataDirectory();
  const server = await serverForTest({ data });
  const ann = await RawClient.login(server.url, "ann", "s1");
  const call = (cmd: string, more: object = {}) => ann.call(`media/room/${cmd}`, { room_id: "r", ...more });
  await call("create", { class: "chat" });
  const send = (text: string, more: object = {}) => call("msglog_send", { msg: { text }, ...more });
  await send("one");
  await send("two", { ref: 1 });
  await send("three");
  await call("msglog_edit", { msg_id: 1, msg: { text: "uno" } });
  await call("msglog_edit", { msg_id: 1, msg: { text: "ein" } });
  await call("msglog_edit", { msg_id: 3, msg: { text: "drei" } });
  await call("msglog_delete", { msg_id: 3, reason: "wrong" });
  const run = (args: readonly string[], input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: server.url, ROOMLOG_USER: "ann" }, input });
  return { data, server, ann, call, send, run };
}

/** All that is stored of messages, as rows. */
function rowsIn(data: string): unknown[] {
  const db = new Database(join(data, "roomlog.db"), { readonly: true });
  const rows = [
    "SELECT * FROM messages",
    "SELECT author, last_id, places FROM authors",
    "SELECT * FROM mentions",
    "SELECT msg_id, number - (SELECT min(number) FROM changes) AS number FROM changes",
    "SELECT first_id, last_id, last_timestmap, bytes, epoch FROM rooms",
  ];
  const found = rows.map((sql) => db.prepare(sql).all());
  db.close();
  return found;
}

test("[M25] a server and its data folder give the same transcript, in every format, to a pipe and to a file", async () => {
  const { data, run } = await world();
  const place = dataDirectory();
  for (const format of ["jsonl", "csv", "html", "txt", "vtt", "srt"]) {
    const { status, stdout, stderr } = await run(["export", "r", "--format", format, "--non-text"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect((await run(["export", "r", "--format", format, "--non-text", "--data", data])).stdout).toBe(
      stdout,
    );
    const file = join(place, `r.${format}`);
    expect(await run(["export", "r", "--out", file, "--non-text"])).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    // A pipe that is read as text has lost the mark at its start.
    expect(readFileSync(file, "utf8").replace(/^\ufeff/, "")).toBe(stdout);
  }
  expect(readdirSync(place)).toHaveLength(6);
}, 180_000);

test("[M25] export says why it cannot, by exit code, and leaves no file", async () => {
  const { data, run } = await world();
  const place = dataDirectory();
  const out = join(place, "x.txt");
  expect((await run(["export", "nowhere", "--out", out])).status).toBe(66);
  expect((await run(["export", "nowhere", "--out", out, "--data", data])).status).toBe(66);
  expect((await run(["export", "r", "--format", "pdf"])).status).toBe(64);
  expect(await run(["export", "r", "--out", join(place, "x.pdf")])).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("no format pdf, name one with --format: jsonl, csv, html, txt, vtt, srt"),
  });
  expect((await run(["export", "r", "--time-zone", "Mars"])).status).toBe(64);
  expect((await run(["export", "r", "--where", "{"])).status).toBe(64);
  const { status, stderr } = await run(["export", "r", "--out", join(place, "not/there.txt")]);
  expect([status, stderr]).toEqual([74, expect.stringContaining("cannot be written")]);
  expect((await run(["export", "r", "--out", "/dev/full/x"])).status).toBe(74);
  expect(readdirSync(place)).toEqual([]);
  expect(await run(["export", "r", "--out", join(place, "r.pdf"), "--format", "txt"])).toMatchObject({
    status: 0,
  });
  expect(await run(["export", "r", "--out", join(place, "r")])).toMatchObject({ status: 0 });
  expect(readFileSync(join(place, "r"), "utf8")).toMatch(/^\{"roomlog":"transcript"/);
}, 60_000);

test("[M25] a file that is there stays until the new one is whole; one that is given up is not left", async () => {
  const { data, server, send, run } = await world();
  await run(["send", "r"], `${"x".repeat(60_000)}\n`.repeat(300));
  await send("last");
  const out = join(dataDirectory(), "x.txt");
  writeFileSync(out, "old");
  const child = start(["export", "r", "--out", out], { env: { ROOMLOG_URL: server.url } });
  await expect.poll(() => readdirSync(join(out, "..")).length, { interval: 2, timeout: 30_000 }).toBe(2);
  child.kill("SIGTERM");
  await expect.poll(() => child.exitCode, { timeout: 30_000 }).toBe(75);
  expect(readdirSync(join(out, ".."))).toEqual(["x.txt"]);
  expect(readFileSync(out, "utf8")).toBe("old");
  await run(["export", "r", "--out", out, "--data", data]);
  expect(readFileSync(out, "utf8")).toContain("last");
}, 60_000);

test("[M25] import gives back every row: ids, times, authors, references, all wordings", async () => {
  const { data, run, call } = await world();
  await call("msglog_send", { msg: { n: 1 }, mentions: ["bob", "ann"] });
  const { stdout } = await run(["export", "r", "--versions", "--data", data]);
  const copy = join(dataDirectory(), "copy");
  const done = await run(["import", "-", "--data", copy, "--json"], stdout);
  const { epoch } = JSON.parse(stdout.split("\n")[0] ?? "");
  expect(JSON.parse(done.stdout)).toEqual({
    service: "main",
    room_id: "r",
    epoch,
    first_id: 1,
    last_id: 8,
    ended: false,
  });
  expect(rowsIn(copy)).toEqual(rowsIn(data));
  const { url } = await serverForTest({ data: copy });
  const there = (...args: string[]) => roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: "ann" } });
  expect((await there("export", "r", "--versions", "--data", copy)).stdout).toBe(stdout);
  expect((await there("send", "r", "next")).stdout).toBe("9\n");
}, 60_000);

test("[M25] a log that begins later, JSON with line ends, an ended life and another id come back too", async () => {
  const { data, run, call, ann, server } = await world();
  const exact = '{\n  "a": 1.0,\r\n  "a": 12345678901234567890 }';
  ann.send(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":${exact}},"tid":99}`,
  );
  await expect.poll(async () => (await call("msglog_info")).data.last_id).toBe(8);
  await call("msglog_purge", { before: 3 });
  const { stdout } = await run(["export", "r", "--versions", "--data", data]);
  const copy = dataDirectory();
  expect((await run(["import", "-", "--data", copy], stdout)).status).toBe(0);
  expect(rowsIn(copy)).toEqual(rowsIn(data));
  expect((await run(["import", "-", "--data", copy, "--room", "other", "--ended"], stdout)).status).toBe(0);
  const read = await run(["export", "other", "--epoch", "last", "--versions", "--data", copy]);
  // Under another name a log has other digests.
  const undigested = (text: string) => text.replace(/,?"(?:digest|salt|commitment)":"[0-9a-f]+"/g, "");
  expect(undigested(read.stdout).split("\n").slice(1)).toEqual(undigested(stdout).split("\n").slice(1));
  void server;
}, 60_000);

test("[M25] [M23] digests come back, also of what was erased, and tell of a line that was changed", async () => {
  const { data, server, run, send } = await world();
  const bob = await RawClient.login(server.url, "bob");
  const inR = (cmd: string, more: object) => bob.call(`media/room/${cmd}`, { room_id: "r", ...more });
  await inR("msglog_send", { msg: { text: "bob's" } });
  await inR("msglog_edit", { msg_id: 8, msg: { text: "bob's own" } });
  await send("last");
  await server.close();
  const officer = await people({ opa: ["msglog_erase"] }, { data });
  await (await officer.login("opa")).call("media/room/msglog_erase_user", { user_id: "bob" });
  await officer.server.close();
  const { stdout } = await run(["export", "r", "--versions", "--data", data]);
  expect(stdout).not.toContain("bob's");
  const copy = dataDirectory();
  expect(await run(["import", "-", "--data", copy], stdout)).toMatchObject({ status: 0, stderr: "" });
  expect(rowsIn(copy)).toEqual(rowsIn(data));
  expect(await run(["verify", "--data", copy])).toMatchObject({ status: 0 });
  const changed = stdout.replace('"text":"two"', '"text":"TWO"');
  const refused = await run(["import", "-", "--data", dataDirectory()], changed);
  expect([refused.status, refused.stderr]).toEqual([
    65,
    expect.stringContaining("line 3 does not have the digest"),
  ]);
}, 120_000);

/**
 * A log with all that hides a body: deleted messages, one with edits and one with mentions, erased ones of bob, edited, deleted
 * and with mentions. `as` runs a command as somebody else: ann moderates, cid only reads.
 */
async function hidden() {
  const data = dataDirectory();
  const { server, url, login } = await people(
    { ann: ["*", "msglog_erase", "msglog_purge"], bob: ["*"], cid: ["*"] },
    { data },
  );
  const [ann, bob] = [await login("ann"), await login("bob")];
  const by = (who: RawClient) => (cmd: string, more: object) =>
    who.call(`media/room/${cmd}`, { room_id: "r", ...more });
  const [annDoes, bobDoes] = [by(ann), by(bob)];
  await annDoes("create", { class: "chat" });
  await annDoes("msglog_send", { msg: { text: "hush" }, mentions: ["bob", "dora"] });
  await annDoes("msglog_send", { msg: { text: "typo" }, mentions: ["cid"] });
  await annDoes("msglog_edit", { msg_id: 2, msg: { text: "better" } });
  await annDoes("msglog_edit", { msg_id: 1, msg: { text: "hush hush" } });
  await annDoes("msglog_delete", { msg_id: 1, reason: "said too much" });
  await bobDoes("msglog_send", { msg: { text: "bob's" }, mentions: ["ann"] });
  await bobDoes("msglog_edit", { msg_id: 6, msg: { text: "bob's own" } });
  await bobDoes("msglog_send", { msg: { text: "bob's too" }, mentions: ["eve"] });
  await bobDoes("msglog_delete", { msg_id: 8 });
  await annDoes("msglog_erase_user", { user_id: "bob" });
  await annDoes("msglog_send", { msg: { text: "bye" }, ref: 1 });
  const as = (user: string, args: readonly string[], input = "") =>
    roomlog(args, { env: { ROOMLOG_URL: url, ROOMLOG_USER: user, ROOMLOG_PASSWORD: "secret" }, input });
  return { data, server, as, annDoes };
}

/** The digest of the room's log, as a server on that folder says it. */
async function digestIn(data: string): Promise<unknown> {
  const { url, server } = await people({ ann: ["*"] }, { data });
  const connection = await RawClient.connect(url);
  await connection.call("core/user/login", { user: "ann", password: "secret" });
  const { data: digest } = await connection.call("media/room/msglog_digest", { room_id: "r" });
  await server.close();
  return digest;
}

test("[M25] [M23] [M20] what was deleted, edited and erased has the digests that it had, with mentions, and every row is back", async () => {
  const { data, server, as, annDoes } = await hidden();
  const { data: digest } = await annDoes("msglog_digest", {});
  for (const args of [
    ["export", "r", "--versions"],
    ["export", "r", "--versions", "--data", data],
  ]) {
    const { stdout } = await as("ann", args);
    const copy = dataDirectory();
    expect(await as("ann", ["import", "-", "--data", copy], stdout)).toMatchObject({ status: 0, stderr: "" });
    expect(rowsIn(copy)).toEqual(rowsIn(data));
    expect(await as("ann", ["verify", "--data", copy])).toMatchObject({ status: 0 });
    expect(await digestIn(copy)).toEqual(digest);
    expect((await as("ann", ["export", "r", "--versions", "--data", copy])).stdout).toBe(stdout);
  }
  await server.close();
}, 120_000);

test("[M25] [M15] who may not read what was deleted gets the same digests, and nothing of it", async () => {
  const { as, annDoes } = await hidden();
  const { data: digest } = await annDoes("msglog_digest", {});
  const { stdout } = await as("cid", ["export", "r", "--versions"]);
  expect(stdout).toContain("typo");
  for (const secret of ["hush", "dora", "bob's", "eve"]) expect(stdout).not.toContain(secret);
  const copy = dataDirectory();
  expect(await as("cid", ["import", "-", "--data", copy], stdout)).toMatchObject({ status: 0, stderr: "" });
  expect(await as("cid", ["verify", "--data", copy])).toMatchObject({ status: 0 });
  expect(await digestIn(copy)).toEqual(digest);
  const [deleted = "", edited = ""] = (await as("cid", ["get", "r", "--json", "--data", copy])).stdout.split(
    "\n",
  );
  expect(JSON.parse(deleted).$log).toMatchObject({ deleted: { reason: "said too much" }, erased: true });
  expect(JSON.parse(edited)).toMatchObject({ text: "better", $log: { mentions: ["cid"] } });
}, 120_000);

test("[M25] [M23] a transcript of digests that do not fit is refused by its line, also under another name", async () => {
  const { data, as } = await hidden();
  const { stdout } = await as("ann", ["export", "r", "--versions", "--data", data]);
  const other = dataDirectory();
  expect((await as("ann", ["import", "-", "--data", other, "--room", "s"], stdout)).status).toBe(0);
  expect(await as("ann", ["verify", "--data", other])).toMatchObject({ status: 0 });
  const refused = async (from: string | RegExp, to: string, ...flags: string[]) => {
    const changed = stdout.replace(from, to);
    expect(changed).not.toBe(stdout);
    const copy = dataDirectory();
    const { status, stderr } = await as("ann", ["import", "-", "--data", copy, ...flags], changed);
    expect([status, readdirSync(copy)]).toEqual([65, []]);
    return stderr;
  };
  expect(await refused('"dora"', '"nora"')).toContain("line 2 does not have the digest");
  expect(await refused('"mentions":["bob","dora"],', "")).toContain("line 2 does not have the digest");
  expect(await refused('"msg":{"text":"hush"}', '"msg":{"text":"loud"}')).toContain(
    "line 2 does not have the digest",
  );
  expect(await refused('"hush hush"', '"quiet"', "--room", "s")).toContain("line 5 does not have the digest");
  expect(await refused('"bye"', '"hi"', "--room", "s")).toContain("line 11 does not have the digest");
  expect(await refused(/"epoch":"[^"]*"/, '"epoch":"e2"')).toContain("line 2 does not have the digest");
  expect(await refused(/("text":"bye".*),"digest":"[0-9a-f]+"/, "$1")).toContain(
    "line 11 does not have the digest",
  );
  expect(await refused(/("text":"bye".*),"salt":"[0-9a-f]+"/, "$1")).toContain(
    "line 11 lacks what proves it",
  );
  expect(await refused(/,"versions":\[.*"text":"typo".*\]/, "")).toContain(
    "line 3 is shown as it was changed",
  );
  expect(await refused(/,"base_digest":"[0-9a-f]+"/, "")).toContain("line 2 has a digest");
}, 180_000);

test("[M25] [M23] a message that is deleted behind the end of a transcript is one whose body is gone", async () => {
  const { as } = await hidden();
  const { stdout } = await as("cid", ["export", "r", "--versions"]);
  const [header = "", ...lines] = stdout.split("\n");
  const until4 = [JSON.stringify({ ...JSON.parse(header), last_id: 4 }), ...lines.slice(0, 4), ""].join("\n");
  const copy = dataDirectory();
  expect(await as("cid", ["import", "-", "--data", copy], until4)).toMatchObject({ status: 0, stderr: "" });
  expect(await as("cid", ["verify", "--data", copy])).toMatchObject({ status: 0 });
  expect(await digestIn(copy)).toMatchObject({ msg_id: 4, digest: JSON.parse(lines[3] ?? "").$log.digest });
}, 60_000);

test("[M25] [M3] ids that no log has are refused before anything is written", async () => {
  const { data, run } = await world();
  const { stdout } = await run(["export", "r", "--data", data]);
  const [header = "", ...lines] = stdout.split("\n");
  const far = [JSON.stringify({ ...JSON.parse(header), last_id: 2 ** 32 }), ...lines].join("\n");
  const refused = await run(["import", "-", "--data", dataDirectory()], far);
  expect(refused.status).toBe(65);
  expect(refused.stderr).toContain("the header ends with #4294967296: the ids of a log end with 4294967294");
}, 60_000);

test("[M25] without --versions the log reads as it did", async () => {
  const { data, run } = await world();
  const { stdout } = await run(["export", "r", "--data", data]);
  const copy = dataDirectory();
  expect((await run(["import", "-", "--data", copy], stdout)).status).toBe(0);
  expect((await run(["export", "r", "--data", copy])).stdout).toBe(stdout);
}, 60_000);

test("[M25] what was changed after the end of a transcript is as it was then, as far as that is known", async () => {
  const { data, run, call } = await world();
  const until = async (last_id: number, ...flags: string[]) => {
    const { stdout } = await run(["export", "r", ...flags, "--data", data]);
    const [header = "", ...lines] = stdout.split("\n");
    return `${[JSON.stringify({ ...JSON.parse(header), last_id }), ...lines.slice(0, last_id)].join("\n")}\n`;
  };
  const copy = dataDirectory();
  expect(await run(["import", "-", "--data", copy], await until(4, "--versions"))).toMatchObject({
    status: 0,
    stderr: "",
  });
  const { stdout } = await run(["get", "r", "--json", "--data", copy]);
  expect(
    stdout
      .split("\n")
      .slice(0, 3)
      .map((line) => JSON.parse(line).text),
  ).toEqual(["uno", "two", "three"]);
  void call;
  const bare = await until(4);
  const refused = await run(["import", "-", "--data", dataDirectory()], bare);
  expect([refused.status, refused.stderr]).toEqual([
    65,
    expect.stringContaining("line 4 was deleted by #7, behind the end"),
  ]);
}, 60_000);

test("[M25] what is not the log as it was is refused by its line, and nothing is left", async () => {
  const { data, run } = await world();
  const { stdout } = await run(["export", "r", "--data", data]);
  const lines = stdout.trimEnd().split("\n");
  const copy = dataDirectory();
  const refused = async (change: (lines: string[]) => string[], ...flags: string[]) => {
    const { status, stderr } = await run(
      ["import", "-", "--data", copy, ...flags],
      `${change([...lines]).join("\n")}\n`,
    );
    expect([status, readdirSync(copy)]).toEqual([65, []]);
    return stderr;
  };
  const at = (line: number, from: string | RegExp, to: string) => (all: string[]) =>
    all.map((text, i) => (i + 1 === line ? text.replace(from, to) : text));
  expect(await refused((all) => all.toSpliced(2, 1))).toContain("line 3 has the msg_id 3, expected is 2");
  expect(await refused((all) => all.slice(0, -1))).toContain("ends with #6, its header names #7");
  expect(await refused((all) => [...all, all[1] ?? ""])).toContain("line 9 has the msg_id 1");
  expect(await refused(at(3, /"timestmap":\d+/, '"timestmap":5'))).toContain("line 3 is older");
  expect(await refused(at(5, '"op":"edit"', '"op":"paint"'))).toContain(
    "line 5 does what nobody knows: paint",
  );
  expect(await refused(at(8, '"ref":3', '"ref":4'))).toContain("line 8: what it deletes, #4");
  expect(await refused(at(3, '"ref":1', '"ref":9'))).toContain("line 3");
  expect(await refused(at(6, '"op":"edit",', ""))).toContain("line 2");
  expect(await refused(at(2, /,"\$log".*/, "}"))).toContain("line 2 does not say that #5 changed it");
  expect(await refused(at(2, '{"text"', '{"text'))).toContain("line 2 is not JSON");
  expect(await refused(at(2, '"session_id":"s1",', ""))).toContain("line 2 does not end with");
  expect(await refused(at(2, '"user_id":"ann"', '"user_id":"*"'))).toContain("line 2");
  expect(await refused(at(1, '"transcript"', '"else"'))).toContain("line 1 is not the header");
  expect(await refused(at(1, '"version":1', '"version":2'))).toContain("line 1 is of format 2");
  expect(await refused(() => ["{}"])).toContain("line 1");
  expect(await refused(() => ["msg_id,time"])).toMatch(
    /^roomlog: line 1 is not JSON: .*; import takes .* --format jsonl\n$/,
  );
  const part = "line 1 is of a part of a log (exported with a filter), which cannot be imported";
  expect(await refused(at(1, "}", ',"where":{}}'))).toContain(part);
}, 120_000);

test("[M25] import takes no folder of a running server, no life that is there, no living room", async () => {
  const { data, server, run } = await world();
  const { stdout } = await run(["export", "r", "--data", data]);
  expect(await run(["import", "-", "--data", data], stdout)).toMatchObject({
    status: 74,
    stderr: expect.stringContaining("in use"),
  });
  await server.close();
  expect(await run(["import", "-", "--data", data], stdout)).toMatchObject({
    status: 65,
    stderr: expect.stringContaining("this life"),
  });
  const other = stdout.replace(/"epoch":"[^"]*"/, '"epoch":"e2"');
  expect(await run(["import", "-", "--data", data], other)).toMatchObject({
    status: 65,
    stderr: expect.stringContaining("--ended"),
  });
  expect(await run(["import", "-", "--data", data, "--ended"], other)).toMatchObject({ status: 0 });
  expect(await run(["import", join(data, "none.jsonl"), "--data", data])).toMatchObject({ status: 66 });
}, 60_000);
