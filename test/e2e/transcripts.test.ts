import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { parse as parseSubtitles } from "@plussub/srt-vtt-parser";
import { parse as parseCsv } from "csv-parse/sync";
import { expect, onTestFinished, test } from "vitest";
import { WebVTTParser } from "webvtt-parser";
import { cutWhenStalled, type Entrance } from "../../packages/server/src/http/entrances.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { pour } from "../../packages/server/src/transcript/pour.ts";
import { basic, httpServer } from "../support/http.ts";
import { PASSWORD } from "../support/people.ts";

const memory = { store: { kind: "memory" } } as const;
const EXPORT = "/v1/rooms/r/export";

/** The room "r", in which a second passes with each message. */
async function talk(config = {}) {
  const clock = new ManualClock();
  const http = await httpServer({ ...memory, ...config }, { clock });
  await http.command("media/room/create", { class: "chat", room_id: "r" });
  const call = async (cmd: string, data: object) => {
    clock.wallNow += 1_000_000;
    const { body } = await http.command(`media/room/${cmd}`, { room_id: "r", ...data });
    return body.data as { readonly msg_id: number };
  };
  const send = (msg: object, ref?: number) => call("msglog_send", { msg, ...(ref && { ref }) });
  return { ...http, clock, start: clock.wallNow, call, send };
}

const linesIn = (text: string) => text.trimEnd().split("\n");

test("[M25, H12] jsonl is a header and every entry as a page has it", async () => {
  const { get, send, call } = await talk();
  await send({ text: "a", big: 1 });
  await send({ text: "b" });
  await call("msglog_edit", { msg_id: 1, msg: { text: "A" } });
  await call("msglog_delete", { msg_id: 2, reason: "spam" });
  const { status, text, headers } = await get(EXPORT);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/x-ndjson");
  expect(headers.get("content-disposition")).toBe(`attachment; filename="r.jsonl"; filename*=UTF-8''r.jsonl`);
  const [header = "", ...lines] = linesIn(text);
  const { epoch, ...rest } = JSON.parse(header);
  expect(rest).toEqual({
    roomlog: "transcript",
    version: 1,
    service: "main",
    room_id: "r",
    first_id: 1,
    last_id: 4,
    time_field: "timestmap",
  });
  expect(`[${lines.join(",")}]`).toBe((await get(`/v1/rooms/r/messages?epoch=${epoch}`)).text);
  const versions = linesIn((await get(`${EXPORT}?versions=true`)).text);
  expect(JSON.parse(versions[1] ?? "").$log.versions).toHaveLength(2);
});

test("[M25] from, to and where choose, epoch names a life, and the header says what is there", async () => {
  const { get, send, start, call } = await talk();
  for (let n = 1; n <= 5; n++) await send({ text: `t${n}`, n });
  const ids = async (query: string) => {
    const [header = "", ...lines] = linesIn((await get(`${EXPORT}?${query}`)).text);
    const { first_id, last_id, where } = JSON.parse(header);
    return [first_id, last_id, lines.map((line) => JSON.parse(line).msg_id), ...(where ? [where] : [])];
  };
  expect(await ids(`from=${start + 2e6}&to=${start + 4e6}`)).toEqual([2, 3, [2, 3]]);
  const iso = new Date((start + 4e6) / 1000).toISOString();
  expect(await ids(`from=${iso}`)).toEqual([4, 5, [4, 5]]);
  expect(await ids(`from=${iso.slice(0, -1)}`)).toEqual([4, 5, [4, 5]]);
  expect(await ids(`to=${start}`)).toEqual([6, 5, []]);
  const filtered = await ids(`where=${encodeURIComponent(JSON.stringify({ "/n": 4 }))}`);
  expect(filtered).toEqual([4, 4, [4], { "/n": 4 }]);
  const [header = ""] = linesIn((await get(EXPORT)).text);
  await call("destroy", {});
  expect((await get(EXPORT)).status).toBe(404);
  expect(linesIn((await get(`${EXPORT}?epoch=last`)).text)[0]).toBe(header);
});

test("[H12] what cannot be had is said before anything is sent", async () => {
  const { get, base } = await talk();
  const said = async (query: string) => {
    const { status, body } = await get(`${EXPORT}?${query}`);
    return [status, body.field ?? body.code];
  };
  for (const field of [
    "format=pdf",
    "from=soon",
    "to=1e9",
    "recording_start=x",
    "to=9999-12-31",
    "to=1960-01-01",
    "from=9999999999999999",
    "from=2026-02-30",
    "to=2026-04-31T12:00:00Z",
    "time_zone=Mars",
    "versions=1",
    "non_text=",
    "where=[",
  ])
    expect(await said(field)).toEqual([400, field.split("=")[0]]);
  expect(await said("colour=red")).toEqual([400, "colour"]);
  expect(await said("epoch=other")).toEqual([404, 304106]);
  expect((await said(`where=${encodeURIComponent('{"x":1}')}`))[0]).toBe(400);
  expect((await get("/v1/rooms/nowhere/export")).body.code).toBe(304001);
  expect((await fetch(`${base}${EXPORT}`, { method: "POST" })).status).toBe(405);
  const head = await fetch(`${base}${EXPORT}?format=vtt`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/vtt; charset=utf-8"]);
});

test("[H12] the name of the file is harmless, whatever the room is called", async () => {
  const { get, command } = await talk();
  const room_id = '../ä"\\;x';
  await command("media/room/create", { class: "chat", room_id });
  const { headers } = await get(`/v1/rooms/${encodeURIComponent(room_id)}/export?format=csv`);
  expect(headers.get("content-disposition")).toBe(
    `attachment; filename="_x.csv"; filename*=UTF-8''__%C3%A4__%3Bx.csv`,
  );
});

/** Its own types are lost on the way. */
interface Cue {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const HOSTILE = [
  "--> & <b>bold</b> </v>",
  "one\n\ntwo\r\nthree\u2028four",
  "00:00:01.000 --> 00:00:02.000\nno cue",
  "{\\an8}<i>top</i>",
  "WEBVTT",
  "\u0000\u001b[2J",
  "42",
];

test.for(["vtt", "srt"])(
  "[M25] %s: cues are relative to the recording, whatever the messages say",
  async (format) => {
    const { get, send, call, start } = await talk();
    await send({ text: "before the recording" });
    for (const text of HOSTILE) await send({ text });
    await send({ vote: "no text" });
    const { msg_id } = await send({ text: "gone" });
    await call("msglog_delete", { msg_id });
    const edited = await send({ text: "helo" });
    await call("msglog_edit", { msg_id: edited.msg_id, msg: { text: "hello" } });
    const { text } = await get(`${EXPORT}?format=${format}&recording_start=${start + 1_500_000}`);
    const entries: readonly Cue[] = parseSubtitles(text).entries;
    const words = [
      "--> & <b>bold</b> </v>",
      "one\ntwo\nthree\nfour",
      "00:00:01.000 --> 00:00:02.000\nno cue",
      "{\\an8}<i>top</i>",
      "WEBVTT",
      "[2J",
      "42",
      "hello",
    ];
    const plain = (cue: string) =>
      cue
        .replace(/<v [^>]*>|<\/v>|\u200b/g, "")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&amp;", "&");
    expect(entries.map((cue) => plain(cue.text))).toEqual(words.map((said) => `http: ${said}`));
    // A message a second; the last one stands for the longest time.
    expect(entries.map(({ from, to }) => [from, to])).toEqual([
      ...[500, 1500, 2500, 3500, 4500, 5500].map((from) => [from, from + 1500]),
      [6500, 10_500],
      [10_500, 17_500],
    ]);
    if (format === "vtt") {
      const { cues, errors } = new WebVTTParser().parse(text, "metadata/captions");
      // Two cues in one another: what comes every second stands longer than that.
      expect(errors.filter(({ message }) => !message.includes("sorted"))).toEqual([]);
      expect(cues.map((cue) => cue.startTime * 1000)).toEqual(entries.map(({ from }) => from));
    }
    const all = await get(`${EXPORT}?format=${format}&non_text=true`);
    expect(all.text).toContain('http: {"vote":"no text"}');
  },
);

test("[M25] csv has a row for each message, as it is now", async () => {
  const { get, send, call } = await talk();
  await send({ text: "=1+1", type: "note" });
  await send({ body: 'a, "b"\nc' });
  await send({ text: "x" }, 1);
  await call("msglog_edit", { msg_id: 2, msg: { body: "edited" } });
  await call("msglog_delete", { msg_id: 3 });
  const { text, headers } = await get(`${EXPORT}?format=csv`);
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  const rows: Record<string, string>[] = parseCsv(text, {
    bom: true,
    columns: true,
    record_delimiter: "\r\n",
  });
  expect(
    rows.map(({ msg_id, text, type, ref, state, msg }) => [msg_id, text, type, ref, state, msg]),
  ).toEqual([
    ["1", "'=1+1", "note", "", "", '{"text":"=1+1","type":"note"}'],
    ["2", "edited", "", "", "edited", '{"body":"edited"}'],
    ["3", "", "", "1", "deleted", "{}"],
  ]);
  expect(rows[0]?.time).toMatch(/^2023-11-14T22:13:21.000Z$/);
});

test("[M25] txt: a message cannot look like another one's, and says what it replies to", async () => {
  const { get, send, call } = await talk();
  await send({ text: "first\n2023-11-14 22:13:21  eve: no" });
  await send({ text: "yes" }, 1);
  await send({ type: "reaction", key: "+1" }, 2);
  await call("msglog_delete", { msg_id: 2, reason: "spam" });
  const { text } = await get(`${EXPORT}?format=txt&time_zone=Europe/Berlin`);
  expect(text).toBe(`r, 2023-11-14 23:13:21 to 2023-11-14 23:13:24, Europe/Berlin

2023-11-14 23:13:21  http: first
    2023-11-14 22:13:21  eve: no
2023-11-14 23:13:22  http: (deleted by http: spam)
2023-11-14 23:13:23  http reacts with +1 to http "(deleted)"
`);
  expect((await get(`${EXPORT}?format=txt&text_field=key`)).text).toContain('{"text":"first');
});

test("[M21, M25] what was erased is told from an empty message", async () => {
  const { get, send, command, start } = await talk();
  await send({ text: "gone" });
  await send({ type: "reaction", key: "+1" });
  const bob = (msg: object, ref?: number) =>
    command("media/room/msglog_send", { room_id: "r", msg, ref }, basic("bob"));
  await bob({ text: "about it" }, 1);
  await bob({});
  await command("media/room/msglog_erase_user", { user_id: "http" });
  const as = async (format: string) => (await get(`${EXPORT}?format=${format}&non_text=true`)).text;
  expect((await as("txt")).split("\n").map((line) => line.slice(21))).toEqual([
    expect.anything(),
    "",
    "http: (erased)",
    "http: (erased)",
    'bob to http "(erased)": about it',
    "bob: {}",
    "",
  ]);
  const rows: Record<string, string>[] = parseCsv(await as("csv"), { bom: true, columns: true });
  expect(rows.map(({ state }) => state)).toEqual(["erased", "erased", "", ""]);
  const page = await as("html");
  expect(page.match(/<p class="note">Erased<\/p>/g)).toHaveLength(2);
  expect(page).toContain("<pre>{}</pre>");
  const cues: readonly Cue[] = parseSubtitles(
    (await get(`${EXPORT}?format=vtt&non_text=true&recording_start=${start}`)).text,
  ).entries;
  expect(cues.map(({ text }) => text)).toEqual(["<v bob>bob: about it</v>", "<v bob>bob: {}</v>"]);
});

test("[M25] html: no reaction and no link is lost because what it is about is not shown by itself", async () => {
  const { get, send, start } = await talk();
  await send({ text: "old" });
  await send({ text: "new" });
  await send({ type: "reaction", key: "to-old" }, 1);
  await send({ type: "reaction", key: "to-new" }, 2);
  await send({ type: "reaction", key: "to-reaction" }, 4);
  await send({ text: "reply to a reaction" }, 4);
  await send({ text: "reply" }, 2);
  const page = async (more: string) => (await get(`${EXPORT}?format=html${more}`)).text;
  const seen = (html: string) => ({
    written: Array.from(html.matchAll(/<article id="m(\d+)"/g), ([, id]) => Number(id)),
    beneath: Array.from(html.matchAll(/<li [^>]*><bdi>([^<]*)/g), ([, key]) => key),
    linked: Array.from(html.matchAll(/<blockquote[^>]*><a href="#m(\d+)"/g), ([, id]) => Number(id)),
    quoted: html.match(/<blockquote/g)?.length ?? 0,
  });
  const whole = seen(await page(""));
  expect(whole).toEqual({ written: [1, 2, 5, 6, 7], beneath: ["to-old", "to-new"], linked: [2], quoted: 3 });
  const late = seen(await page(`&from=${start + 1_500_000}`));
  expect(late).toEqual({ written: [2, 3, 5, 6, 7], beneath: ["to-new"], linked: [2], quoted: 4 });
  const chosen = seen(await page(`&where=${encodeURIComponent('{"type":"reaction"}')}`));
  expect(chosen).toEqual({ written: [3, 4, 5], beneath: [], linked: [], quoted: 3 });
});

test("[M25] names turn nothing around, and begin no line", async () => {
  const { get, send, command } = await talk();
  await send({ text: "hello" });
  const mallory = basic("mal\u202elory\u2028eve");
  await command("media/room/msglog_send", { room_id: "r", msg: { text: "hi" }, ref: 1 }, mallory);
  await command("media/room/msglog_send", { room_id: "r", msg: { text: "reply" }, ref: 2 });
  await command("media/room/msglog_delete", { room_id: "r", msg_id: 1 }, mallory);
  await command("media/room/create", { class: "chat", room_id: "a\u202eb\u2028c" });
  const txt = (await get(`${EXPORT}?format=txt`)).text;
  expect(txt.split("\n").map((line) => line.slice(21))).toEqual([
    expect.anything(),
    "",
    "http: (deleted by mallory eve)",
    'mallory eve to http "(deleted)": hi',
    'http to mallory eve "hi": reply',
    "",
  ]);
  for (const format of ["vtt", "srt"]) {
    const text = (await get(`${EXPORT}?format=${format}`)).text;
    expect(text).toContain("mallory eve: hi");
    expect(text).not.toMatch(/[\u2028\u202e]/);
  }
  const other = (await get(`/v1/rooms/${encodeURIComponent("a\u202eb\u2028c")}/export?format=txt`)).text;
  expect(other).toMatch(/^ab c, no messages, /);
});

test("[H12] who may not read gets what a page gives him, and sees no more in a transcript", async () => {
  const users = [
    { name: "ann", password: PASSWORD, rights: ["*", "room_moderate"] },
    { name: "bob", password: PASSWORD, rights: ["room_join", "msglog_get", "subscribe"] },
    { name: "eve", password: PASSWORD, rights: ["room_read"] },
  ];
  const { command, get } = await httpServer({ ...memory, users });
  const ann = basic("ann");
  await command("media/room/create", { class: "chat", room_id: "r" }, ann);
  for (const text of ["old", "older"])
    await command("media/room/msglog_send", { room_id: "r", msg: { text } }, ann);
  expect((await get(EXPORT)).status).toBe(401);
  expect((await get(EXPORT, basic("eve"))).status).toBe(403);
  await command("media/room/join", { room_id: "r" }, basic("bob"));
  await command("media/room/msglog_send", { room_id: "r", msg: { text: "new" } }, ann);
  await command("media/room/msglog_send", { room_id: "r", msg: { text: "reply" }, ref: 1 }, ann);
  const [header = "", ...lines] = linesIn((await get(EXPORT, basic("bob"))).text);
  expect([JSON.parse(header).first_id, lines.map((line) => JSON.parse(line).text)]).toEqual([
    3,
    ["new", "reply"],
  ]);
  const html = (await get(`${EXPORT}?format=html`, basic("bob"))).text;
  expect(html).toContain("reply");
  expect(html).not.toContain("old");
  expect((await get(`${EXPORT}?format=html`, ann)).text).toMatch(/<blockquote.*old.*reply/);
});

test("[H12] who does not read is cut off, and what he has does not look whole", async () => {
  const { base, get, send, command } = await talk({ limits: { stalled_seconds: 1 } });
  const text = "x".repeat(60_000);
  // More than the buffers of a connection may grow to.
  for (let n = 0; n < 500; n++) await send({ text });
  const greedy = await fetch(`${base}${EXPORT}`);
  await expect(greedy.text()).resolves.toHaveLength((await get(EXPORT)).text.length);
  const stalled = await fetch(`${base}${EXPORT}`);
  const sessions = async () =>
    Object.keys((await command("core/user/get", { user: "http" })).body.data).length;
  expect(await sessions()).toBe(2);
  await expect.poll(sessions, { timeout: 20_000 }).toBe(1);
  await expect(stalled.text()).rejects.toThrow();
});

test("[H1, H12] who waits for what is read slowly is not taken for one who does not read", async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const answered = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
  const [, outgoing] = (await once(server, "request")) as [unknown, ServerResponse];
  cutWhenStalled(outgoing, { service: { limits: { stalled_seconds: 0.02 } } } as Entrance);
  outgoing.write("head, ");
  for (let n = 0; n < 3; n++) await once(outgoing, "timeout");
  outgoing.end("page");
  expect(await answered).toBe("head, page");
});

test("[M25, H12] no more is read than is taken", async () => {
  let made = 0;
  const pages = async function* () {
    for (; made < 100; made++) yield "x".repeat(100_000);
  };
  const out = new PassThrough();
  const poured = pour(pages(), out);
  await once(out, "readable");
  await new Promise(setImmediate);
  expect(made).toBe(0);
  let taken = 0;
  for await (const chunk of out.on("drain", () => {})) {
    taken += chunk.length;
    expect(made * 100_000).toBeLessThanOrEqual(taken + 200_000);
    if (taken >= 10_000_000) out.end();
  }
  await poured;
  expect(made).toBe(100);
});
