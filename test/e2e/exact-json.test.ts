import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservedNames } from "@roomlog/protocol";
import * as fc from "fast-check";
import { createServer, type Server } from "roomlog";
import { beforeAll, describe, expect, test } from "vitest";
import { memberText } from "../../packages/server/src/core/json-text.ts";
import { jsonObjectText } from "../support/json-text-arbitrary.ts";
import { RawClient } from "../support/raw-client.ts";

let server: Server;

beforeAll(async () => {
  const data = mkdtempSync(join(tmpdir(), "roomlog-test-"));
  server = await createServer({ port: 0, data, limits: { ping_seconds: 0 } });
  return async () => {
    await server.close();
    rmSync(data, { recursive: true });
  };
});

/** Sends the text of a message into a new room; gives back the texts of the event's body and of the page. */
async function roundTrip(msg: string, request = (room: string) => `{"room_id":"${room}","msg":${msg}}`) {
  const client = await RawClient.login(server.urls[0] as string);
  const { data } = await client.call("media/room/create", { class: "chat" });
  await client.call("core/event/subscribe", { class: "media", obj_id: data.room_id });
  client.send(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":${request(data.room_id)},"tid":1}`,
  );
  const answer = await client.next();
  if (answer.result !== "ok") return { answer, client };
  const event = memberText(memberText(await client.nextText(), "data") as string, "body") as string;
  await client.call("media/room/msglog_get", data);
  const page = (memberText(client.texts.at(-1) as string, "data") as string).slice(1, -1);
  await client.close();
  return { answer, event, page, client };
}

/** A parsed JSON text in which numbers keep their text; the last of repeated keys counts. */
function exactly(text: string): unknown {
  const keepNumbers = (_: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === "number" ? `number ${source}` : value;
  return JSON.parse(text, keepNumbers as Parameters<typeof JSON.parse>[1]);
}

/** Without the server's fields. */
function own(text: string): unknown {
  const { msg_id, user_id, session_id, timestmap, ...rest } = exactly(text) as Record<string, unknown>;
  expect([msg_id, user_id]).toEqual(["number 1", "ann"]);
  expect([typeof session_id, typeof timestmap]).toEqual(["string", "string"]);
  return rest;
}

const reserved: ReadonlySet<string> = new Set(reservedNames);

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

describe("[M7] exact JSON", () => {
  test.for([
    ["an integer beyond 2^53", '{"n":12345678901234567890}'],
    ["a fraction of zero", '{"n":1.0}'],
    ["minus zero", '{"n":-0}'],
    ["a number beyond double", '{"n":1e400,"m":-1E+400,"k":1e-400}'],
    ["digits beyond double", '{"n":0.1000000000000000055511151231257827021181583404541015625}'],
    ["NUL", String.raw`{"s":"\u0000","\u0000":1}`],
    ["a lone surrogate", String.raw`{"s":"\ud800","t":"\udfff\ud800"}`],
    ["an escaped pair", String.raw`{"s":"\ud83d\ude00"}`],
    ["__proto__", '{"__proto__":{"a":1},"constructor":{"prototype":1}}'],
    ["duplicate keys", '{"a":1,"b":2,"a":3}'],
    ["key order", '{"z":1,"a":2,"10":3,"9":4}'],
    ["escapes", String.raw`{"s":"\"\\\/\b\f\n\r\t\u0041"}`],
    ["astral characters and line separators", '{"s":"😀\u2028\u2029é"}'],
    ["white space", ' {\n\t"a" : [ 1 , 2 ] ,\r\n "b":{ } } '],
    ["an empty object", "{}"],
    ["an empty object with space", "{ \n }"],
    ["empty names", '{"":{"":""}}'],
    ["shadowed methods", '{"hasOwnProperty":1,"toJSON":1,"then":1,"toString":null}'],
    ["braces and quotes in strings", String.raw`{"a":"}\"]{[,:","b":"\\"}`],
    ["all scalars", '{"a":null,"b":true,"c":false,"d":"","e":0}'],
    ["64 levels", nested(64)],
    ["64 levels of lists", `{"a":${"[".repeat(63)}${"]".repeat(63)}}`],
    ["64 KiB", `{"s":"${"é".repeat(32_764)}"}`],
  ] as const)("%s", async ([, msg]) => {
    const { event, page } = await roundTrip(msg);
    for (const text of [event, page]) {
      expect(own(text as string)).toEqual(exactly(msg));
      expect(Object.keys(own(text as string) as object)).toEqual(Object.keys(exactly(msg) as object));
    }
    expect(event).toBe(page);
  });

  test.for([
    ["65 levels", nested(65)],
    ["65 levels of lists", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`],
    ["100,000 levels", nested(100_000)],
  ] as const)("%s are a syntax error, and the connection lives", async ([, msg]) => {
    const { answer, client } = await roundTrip(msg);
    expect(answer).toEqual({
      result: "error",
      data: { code: 100044, error: "Syntax error: msg", field: "msg" },
      tid: 1,
    });
    expect(await client.call("media/room/get_list", { prefix: "-" })).toMatchObject({ data: [] });
  });

  test("[F5] deep text that is not even closed ends the connection", async () => {
    const client = await RawClient.login(server.urls[0] as string);
    client.send('{"class":"core","cmd":"x","tid":1,"data":'.repeat(20_000));
    expect(await client.next()).toMatchObject({ data: { code: 100044, error: "Syntax error: data" } });
    client.send('{"a":'.repeat(100_000));
    expect(await client.closed).toMatchObject({ code: 4500 });
  });

  test.for([
    ["msg twice in data", (room: string) => `{"room_id":"${room}","msg":{"a":1},"msg":{"b":2.0}}`],
    ["msg written with an escape", (room: string) => String.raw`{"room_id":"${room}","m\u0073g":{"b":2.0}}`],
    [
      "msg and its escaped twin",
      (room: string) => String.raw`{"msg":{"a":1},"room_id":"${room}","\u006dsg":{"b":2.0}}`,
    ],
    [
      "msg inside another field",
      (room: string) => `{"x":{"msg":{"a":1}},"msg":{"b":2.0},"room_id":"${room}","y":["msg"]}`,
    ],
    ["data twice", (room: string) => `{"msg":{"a":1}},"data":{"room_id":"${room}","msg":{"b":2.0}}`],
  ] as const)("%s: the last one counts", async ([, request]) => {
    const { page } = await roundTrip("", request);
    expect(own(page as string)).toEqual({ b: "number 2.0" });
  });

  test("an unpaired surrogate outside msg does not merge two rooms", async () => {
    const { answer } = await roundTrip("", () => String.raw`{"room_id":"\ud800","msg":{}}`);
    expect(answer.data).toMatchObject({ code: 100044, field: "room_id" });
  });

  test("generated texts come back with the same value at every level", async () => {
    const client = await RawClient.login(server.urls[0] as string);
    await client.call("media/room/create", { class: "chat", room_id: "generated" });
    let count = 0;
    const property = fc.asyncProperty(jsonObjectText, async (msg) => {
      client.send(
        `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"msg":${msg},"room_id":"generated"},"tid":0}`,
      );
      expect(await client.next()).toMatchObject({ result: "ok", data: { msg_id: ++count } });
      await client.call("media/room/msglog_get", { room_id: "generated", after: count - 1, limit: 1 });
      const page = (memberText(client.texts.at(-1) as string, "data") as string).slice(1, -1);
      expect(memberText(page, "msg_id")).toBe(String(count));
      // Compared as text: the source texts that V8 gives a reviver are not reliable where keys are repeated.
      const own = Object.keys(JSON.parse(msg)).filter((key) => !reserved.has(key));
      expect(Object.keys(JSON.parse(page)).filter((key) => !reserved.has(key))).toEqual(own);
      for (const key of own) expect(memberText(page, key)).toBe(memberText(msg, key));
    });
    await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 300) });
  });
});
