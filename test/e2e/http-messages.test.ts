import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { basic, httpServer, linkTo } from "../support/http.ts";
import { PASSWORD } from "../support/people.ts";
import type { Frame } from "../support/raw-client.ts";

const memory = { store: { kind: "memory" } } as const;

async function inHttpRoom(config = {}) {
  const http = await httpServer({ ...memory, ...config });
  await http.command("media/room/create", { class: "chat", room_id: "r" });
  const send = (n: number) => http.post("/v1/rooms/r/messages", { n });
  const sendMany = async (count: number) => {
    for (let n = 1; n <= count; n++) await send(n);
  };
  return { ...http, send, sendMany };
}

/** Follows links of one relation from a path, and gives back the pages. */
async function follow(
  get: Awaited<ReturnType<typeof httpServer>>["get"],
  rel: string,
  path: string,
  between: (page: number) => unknown = () => {},
) {
  const pages: { readonly msg_id: number; readonly room_id: string }[][] = [];
  for (let to: string | undefined = path; to !== undefined; ) {
    const { body, headers } = await get(to);
    pages.push(body);
    await between(pages.length);
    to = linkTo(rel, headers);
  }
  return pages;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test("[H4] rooms come page by page, by links, with prefix", async () => {
  const { get, command } = await httpServer(memory);
  for (const room_id of ["a1", "b", "a/2 ü&=", "a3"])
    await command("media/room/create", { class: "chat", room_id });
  const pages = await follow(get, "next", "/v1/rooms?limit=2&prefix=a");
  expect(pages.map((page) => page.map(({ room_id }) => room_id))).toEqual([["a/2 ü&=", "a1"], ["a3"], []]);
  expect((await get("/v1/rooms")).body).toHaveLength(4);
  const third = await get("/v1/rooms?limit=1&after=a1");
  expect(linkTo("first", third.headers)).toBe("/v1/rooms?limit=1");
});

test("[H4] rooms whose ids are digits are reached by links too", async () => {
  const { get, command } = await httpServer(memory);
  for (const room_id of ["100", "200", "abc"]) await command("media/room/create", { class: "chat", room_id });
  const pages = await follow(get, "next", "/v1/rooms?limit=1");
  expect(pages.flat().map(({ room_id }) => room_id)).toEqual(["100", "200", "abc"]);
});

test("[H4] a room is shown under its percent-encoded id", async () => {
  const { get, command } = await httpServer(memory);
  const room_id = "a/b %2F ü?#";
  await command("media/room/create", { class: "chat", room_id, meta: { x: 1 } });
  const { status, body } = await get(`/v1/rooms/${encodeURIComponent(room_id)}`);
  expect(status).toBe(200);
  expect(body).toEqual({ class: "chat", members: {}, status: {}, meta: { x: 1 } });
  expect((await get("/v1/rooms/none")).status).toBe(404);
});

test("[H5] following next reads the log exactly once while messages arrive", async () => {
  const { get, send, sendMany } = await inHttpRoom();
  await sendMany(7);
  const pages = await follow(
    get,
    "next",
    "/v1/rooms/r/messages?limit=3",
    (page) => page < 4 && send(100 + page),
  );
  expect(pages.flat().map(({ msg_id }) => msg_id)).toEqual(upTo(10));
  expect(pages.at(-1)).toEqual([]);
});

test("[H5] the newest first: next goes back to the start, also while messages arrive", async () => {
  const { get, send, sendMany } = await inHttpRoom();
  await sendMany(7);
  const pages = await follow(get, "next", "/v1/rooms/r/messages?limit=3&order=desc", () => send(0));
  expect(pages.flat().map(({ msg_id }) => msg_id)).toEqual(upTo(7).reverse());
});

test("[H5] prev goes the other way, first and last are the ends of the log", async () => {
  const { get, sendMany } = await inHttpRoom();
  await sendMany(9);
  const ids = async (path: string | undefined) =>
    (await get(path as string)).body.map(({ msg_id }: { msg_id: number }) => msg_id);
  const { headers } = await get("/v1/rooms/r/messages?limit=2&after=3");
  expect(await ids(linkTo("prev", headers))).toEqual([3, 2]);
  expect(await ids(linkTo("next", headers))).toEqual([6, 7]);
  expect(await ids(linkTo("first", headers))).toEqual([1, 2]);
  expect(await ids(linkTo("last", headers))).toEqual([9, 8]);
});

test("[H5] links stay in the life of the room that the first page was of", async () => {
  const { get, send, sendMany, command } = await inHttpRoom();
  await sendMany(5);
  const reborn = async () => {
    await command("media/room/destroy", { room_id: "r" });
    await command("media/room/create", { class: "chat", room_id: "r" });
    for (let n = 0; n < 9; n++) await send(n);
  };
  const pages = await follow(get, "next", "/v1/rooms/r/messages?limit=2", (page) => page === 1 && reborn());
  expect(pages.flat().map(({ msg_id }) => msg_id)).toEqual(upTo(5));
});

test("[H5] a page is the text of the log, msg_id is the server's", async () => {
  const { get, post } = await inHttpRoom();
  const odd = '{"a":{"msg_id":7,"\\"msg_id":9},"big":123456789012345678901234567890, "f":1.0}';
  await post("/v1/rooms/r/messages", odd);
  await post("/v1/rooms/r/messages", odd);
  const { text, headers } = await get("/v1/rooms/r/messages");
  expect(text.startsWith(`[${odd.slice(0, -1)},"msg_id":1,`)).toBe(true);
  expect(linkTo("next", headers)).toContain("after=2");
  expect(linkTo("prev", headers)).toContain("before=1");
});

test.for(["limit=0", "limit=x", "after=-1", "order=up", "afer=1", "where=x", "from_time=1.5"])(
  "[H3, H5] the query %s is 400",
  async (query) => {
    const { get } = await inHttpRoom();
    const { status, body } = await get(`/v1/rooms/r/messages?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 100044, field: query.split("=")[0] });
  },
);

test("[H3] what is wrong with a parameter, an id or the body is said in words", async () => {
  const { get, post } = await httpServer(memory);
  const reason = async (answer: Promise<{ readonly body: unknown }>) =>
    (await answer).body as { readonly error: string; readonly reason?: string };
  expect(await reason(get("/v1/rooms/r/messages?limt=3"))).toEqual({
    code: 100044,
    error: "Syntax error: limt",
    field: "limt",
    reason: expect.stringMatching(/^no such parameter; there are after, before, limit, order, /),
  });
  await post(
    "/v1/command",
    '{"class":"media","subclass":"room","cmd":"create","data":{"class":"chat","room_id":"r"}}',
  );
  for (const [path, words] of [
    ["/v1/rooms/r/messages?limit=99999999", "<=1000"],
    ["/v1/rooms/r/messages?order=up", '"asc"|"desc"'],
    ["/v1/rooms?limit=0", ">=1"],
    [`/v1/rooms/${"x".repeat(300)}`, "it has 1 to 256 characters, and none that is a control character"],
    [`/v1/rooms/${"x".repeat(300)}/events`, "it has 1 to 256 characters"],
  ] as const)
    expect([path, (await reason(get(path))).reason]).toEqual([path, expect.stringContaining(words)]);
  for (const [body, words] of [
    ['"text"', "it has to be a JSON object"],
    ['{"text":', "no JSON: "],
  ] as const)
    expect((await reason(post("/v1/rooms/r/messages", body))).reason).toContain(words);
  expect(await reason(post("/v1/command", "{}"))).toMatchObject({ error: "Missing field: class" });
});

test("[H5] M8's filters are there", async () => {
  const { get, post } = await inHttpRoom();
  await post("/v1/rooms/r/messages", { n: 1 }, basic("ann"));
  await post("/v1/rooms/r/messages", { n: 2 }, basic("bob"));
  expect((await get("/v1/rooms/r/messages?user_id=bob")).body).toMatchObject([{ n: 2, user_id: "bob" }]);
  const [, { timestmap }] = (await get("/v1/rooms/r/messages")).body;
  expect((await get(`/v1/rooms/r/messages?from_time=${timestmap}`)).body).toMatchObject([{ n: 2 }]);
});

test("[H6] a send is 201 with Location; a repeated Idempotency-Key is 200 and stores nothing", async () => {
  const { get, post } = await inHttpRoom();
  const sent = await post("/v1/rooms/r/messages", { n: 1 }, { "idempotency-key": "k" });
  expect(sent).toMatchObject({ status: 201, body: { msg_id: 1 } });
  const location = sent.headers.get("location") as string;
  expect((await get(location)).body).toMatchObject([{ n: 1, msg_id: 1 }]);
  for (const key of ["k", '"k"'])
    expect(await post("/v1/rooms/r/messages", { n: 1 }, { "idempotency-key": key })).toMatchObject({
      status: 200,
      body: { msg_id: 1, duplicate: true },
    });
  expect((await get("/v1/rooms/r/messages")).body).toHaveLength(1);
});

test.for(["[]", '"x"', "", "{", '{}, "msg": {}', '{}}, "x": {"y": {}'])(
  "[H6] the body %j is no message: 400, and nothing is stored",
  async (body) => {
    const { get, post } = await inHttpRoom();
    expect((await post("/v1/rooms/r/messages", body)).status).toBe(400);
    expect((await get("/v1/rooms/r/messages")).text).toBe("[]");
  },
);

test("[H6] the epoch of another life is 404 and nothing is stored", async () => {
  const { get, post } = await inHttpRoom();
  expect((await post("/v1/rooms/r/messages?epoch=other", { n: 1 })).status).toBe(404);
  expect((await get("/v1/rooms/r/messages")).text).toBe("[]");
});

test("[H3] a send over a rate is 429 with Retry-After", async () => {
  const users = [{ name: "ann", password: PASSWORD }];
  const rates = { connection: { requests: 0.5, requests_burst: 4 } };
  const { post, command } = await httpServer({ ...memory, users, limits: { rates, http_sessions: 1 } });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  const answers = [];
  for (let n = 0; n < 4 && answers.at(-1)?.status !== 429; n++)
    answers.push(await post("/v1/rooms/r/messages", { n }, basic("ann")));
  expect(answers.at(-1)).toMatchObject({ status: 429, body: { code: 304102 } });
  expect(Number(answers.at(-1)?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
});

test("[H1] a response of which nothing is taken is cut off after limits.stalled_seconds", async () => {
  const { base, get, post } = await inHttpRoom({ limits: { stalled_seconds: 1, http_sessions: 1 } });
  const text = "x".repeat(60_000);
  for (let n = 0; n < 100; n++) await post("/v1/rooms/r/messages", { text });
  const greedy = await fetch(`${base}/v1/rooms/r/messages`);
  // The one session of this caller is busy with the response that nobody reads, until it is cut off.
  expect((await get("/v1/rooms/r")).status).toBe(200);
  await expect(greedy.text()).rejects.toThrow();
});

test("[H13] one message is read, edited and deleted under its id", async () => {
  const { get, put, remove, send } = await inHttpRoom();
  await send(1);
  await send(2);
  const path = "/v1/rooms/r/messages/1";
  expect((await get(path)).body).toMatchObject({ msg_id: 1, n: 1 });
  const edited = await put(path, '{"n": 1.0}', { "idempotency-key": "e" });
  expect([edited.status, edited.body]).toEqual([200, { msg_id: 3 }]);
  expect((await put(path, "{}", { "idempotency-key": "e" })).body).toEqual({ msg_id: 3, duplicate: true });
  expect((await get(path)).text).toMatch(/^\{"n": 1\.0,.*"edited":/);
  expect((await remove(`${path}?reason=a%20slip`)).body).toEqual({ msg_id: 4 });
  expect((await get(path)).body.$log.deleted).toMatchObject({ msg_id: 4, reason: "a slip" });
  expect((await get(`${path}?versions=true`)).body.$log.versions).toHaveLength(2);
  for (const gone of [await remove(path), await put(path, "{}"), await get("/v1/rooms/r/messages/9")])
    expect([gone.status, gone.body.code]).toEqual([404, 304110]);
  for (const wrong of ["x", "0", "-1", "1.5"])
    expect((await remove(`/v1/rooms/r/messages/${wrong}`)).status).toBe(400);
  expect((await get(`${path}?what=1`)).status).toBe(400);
});

test("[H13] what is no id, and what a view hides, is not there", async () => {
  const hidden = { right: "msglog_get", rooms: "r", where: { "/n": { gt: 2 } } } as const;
  const { get, command } = await httpServer({
    ...memory,
    services: { main: { msglog: { max_scan: 2 } } },
    users: [
      { name: "ann", password: PASSWORD, rights: ["*"] },
      { name: "bob", password: PASSWORD, rights: [hidden, "msglog_history"] },
    ],
  });
  const ann = basic("ann");
  await command("media/room/create", { class: "chat", room_id: "r" }, ann);
  for (const n of [1, 2, 2, 2, 3]) await command("media/room/msglog_send", { room_id: "r", msg: { n } }, ann);
  for (const id of ["1", "6", "x", "0", "-1", "1.5", String(Number.MAX_SAFE_INTEGER), "1e400"])
    expect(await get(`/v1/rooms/r/messages/${id}`, basic("bob"))).toMatchObject({
      status: 404,
      body: { code: 304110 },
    });
  expect((await get("/v1/rooms/r/messages/5", basic("bob"))).body).toMatchObject({ msg_id: 5, n: 3 });
});

test("[H5, H13, M23] digests are had by page and by id", async () => {
  const { get, sendMany } = await inHttpRoom();
  await sendMany(2);
  const { body } = await get("/v1/rooms/r/messages?digest=true");
  for (const { $log } of body) expect($log).toEqual({ digest: expect.any(String), salt: expect.any(String) });
  expect((await get("/v1/rooms/r/messages/2?digest=true")).body).toEqual(body[1]);
});

test("[H5] docs/http.md lists all parameters of a page", async () => {
  const { get } = await inHttpRoom();
  const reason: string = (await get("/v1/rooms/r/messages?x=1")).body.reason;
  const docs = readFileSync(new URL("../../docs/http.md", import.meta.url), "utf8");
  const row = docs.split("\n").find((line) => line.startsWith("| `GET /v1/rooms/ID/messages` |"));
  const listed = Array.from(row?.split("|")[2]?.matchAll(/`(\w+)`/g) ?? [], ([, name]) => name);
  expect(listed.sort()).toEqual(
    reason
      .replace(/^.*there are /, "")
      .split(", ")
      .sort(),
  );
});

test("[H11] what the OpenAPI document offers in a query is taken", async () => {
  const { get, send } = await inHttpRoom();
  await send(1);
  const { paths } = (await get("/v1/openapi.json")).body;
  const read = Object.entries<Frame>(paths).filter(([path]) => !path.endsWith("/events"));
  for (const [path, { get: operation }] of read)
    for (const { name, in: place } of operation?.parameters ?? []) {
      if (place !== "query") continue;
      const { body } = await get(`${path.replace("{id}", "r").replace("{msg_id}", "1")}?${name}=`);
      expect(`${path} ${name}: ${body?.reason}`).not.toContain("no such parameter");
    }
});

test("[H5] links lead through a log with edits and deletions", async () => {
  const { get, put, remove, sendMany } = await inHttpRoom();
  await sendMany(3);
  await put("/v1/rooms/r/messages/3", "{}");
  await remove("/v1/rooms/r/messages/2");
  const pages = await follow(get, "next", "/v1/rooms/r/messages?limit=1&refs=true");
  expect(pages.flat().map(({ msg_id }) => msg_id)).toEqual(upTo(5));
});

test("[H6] a message can refer to another one, and is found by it", async () => {
  const { get, post, send } = await inHttpRoom();
  await send(1);
  expect((await post("/v1/rooms/r/messages?ref=1", { n: 2 })).status).toBe(201);
  expect((await post("/v1/rooms/r/messages?ref=9", { n: 3 })).body).toMatchObject({ code: 304110 });
  expect((await get("/v1/rooms/r/messages?ref=1")).body).toMatchObject([{ msg_id: 2, $log: { ref: 1 } }]);
  expect((await get("/v1/rooms/r/messages?refs=x")).status).toBe(400);
});
