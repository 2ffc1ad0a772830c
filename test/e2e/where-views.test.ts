import { expect, test } from "vitest";
import { basic, httpClient, httpOf, linkTo } from "../support/http.ts";
import { idsOf, inRoom, roomCalls, sending } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { receiver } from "../support/receiver.ts";
import { serverForTest } from "../support/server.ts";
import { SECRET, token } from "../support/tokens.ts";

const memory = { store: { kind: "memory" } } as const;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const even = { "/n": { in: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] } };

const eventsOfRoom = (client: RawClient): Frame[] =>
  eventsOf(client.texts.map((text) => JSON.parse(text))).filter((event) => event.obj_id === "r");
const kinds = (client: RawClient) =>
  eventsOfRoom(client).map(({ type, body }) => body?.msg_id ?? body?.info ?? type);

/** Somebody who answers events only when told to. */
async function lagging(url: string, where: object, more = {}) {
  const client = await RawClient.login(url, "eve", "e1");
  const { subscribe } = roomCalls(client);
  await client.call("core/event/subscribe", { class: "media", obj_id: "r" });
  await subscribe({ where, ...more });
  let answered = 0;
  const answer = (count: number) => {
    const events = client.texts.map((text) => JSON.parse(text)).filter(({ cmd }) => cmd === "event");
    const next = events.slice(answered, answered + count);
    for (const { tid } of next) client.send({ result: "ok", tid });
    answered += next.length;
    return client.settled();
  };
  return { client, subscribe, answer };
}

test.for([memory, {}])(
  "[M17, M11] who lags gets what his view lets through, in order, with what is not in the log, %j",
  async (store) => {
    const config = { ...store, limits: { window: 2 }, services: { main: { msglog: { max_scan: 3 } } } };
    const { url, client, sendMany, send } = await inRoom(config);
    const { client: eve, answer } = await lagging(url, even);
    await sendMany(9);
    await client.call("media/room/set_status", { room_id: "r", class: "c", data: {} });
    for (let n = 10; n <= 20; n++) await send({ n: n < 13 ? 0 : n });
    await eve.settled();
    expect(kinds(eve)).toEqual([2, 4]);
    await answer(1);
    await expect.poll(() => kinds(eve)).toEqual([2, 4, 6]);
    await answer(2);
    await expect.poll(() => kinds(eve)).toEqual([2, 4, 6, 8, "status"]);
    await answer(2);
    await expect.poll(() => kinds(eve)).toEqual([2, 4, 6, 8, "status", 14, 16]);
    await answer(2);
    await expect.poll(() => kinds(eve)).toEqual([2, 4, 6, 8, "status", 14, 16, 18, 20]);
    await answer(2);
    await send({ n: 2 });
    await expect.poll(() => kinds(eve).at(-1)).toBe(21);
  },
);

test("[M17] [M15] a filter can ask for deletions, live and read", async () => {
  const { url, client, send, get } = await inRoom();
  const bob = await RawClient.login(url, "bob");
  const where = { or: [{ type: "chat" }, { "/$log/op": "delete" }] };
  await bob.call("media/room/msglog_subscribe", { room_id: "r", where });
  await send({ type: "chat" });
  await send({ type: "poll" });
  await client.call("media/room/msglog_delete", { room_id: "r", msg_id: 1 });
  const heard = (await bob.settled()).flatMap(({ data }) => data?.body?.msg_id ?? []);
  expect(heard).toEqual([1, 3]);
  expect((await get({ where })).data.map(({ msg_id }: Frame) => msg_id)).toEqual([3]);
});

test("[M17, M13, M12] what was dropped is told to who lags with a view, then the end of the room, then the next life", async () => {
  const { url, client, sendMany, send, purge, reborn } = await inRoom({ ...memory, limits: { window: 1 } });
  const { client: eve, answer } = await lagging(url, even);
  await sendMany(8);
  await purge({ before: 6 });
  await reborn();
  await send({ n: 1 });
  await send({ n: 2 });
  await client.settled();
  expect(kinds(eve)).toEqual([2]);
  for (const expected of ["msglog_dropped", 6, 8, "destroyed", "created", 2]) {
    await answer(1);
    await expect.poll(() => kinds(eve).at(-1)).toBe(expected);
  }
});

test("[M17, M10] catch-up with a view: nothing missing, nothing twice, whatever is sent meanwhile", async () => {
  const { url, client, sendMany } = await inRoom({ limits: { window: 3 } });
  await sendMany(10);
  const { client: eve } = await lagging(url, even, { after: 3 });
  for (const n of upTo(10)) client.send(sending(n + 10));
  eve.answering();
  await expect.poll(() => kinds(eve)).toEqual([4, 6, 8, 10, 12, 14, 16, 18, 20]);
});

test("[M17, M10] a cursor that moves back under another view misses nothing that the one before passed over", async () => {
  const { url, client, sendMany, send } = await inRoom({ ...memory, limits: { window: 1 } });
  const { client: eve, subscribe } = await lagging(url, { "/n": { lt: 3 } });
  await sendMany(3);
  await client.call("media/room/set_status", { room_id: "r", class: "c", data: {} });
  await send({ n: 4 });
  await eve.settled();
  expect(kinds(eve)).toEqual([1]);
  await subscribe({ after: 0 });
  eve.answering();
  await expect.poll(() => kinds(eve)).toEqual([1, 1, 2, 3, "status", 4]);
});

test("[M17] views that differ and none share a batch; each gets its own events under tids of its own", async () => {
  const { url, client } = await inRoom();
  const listeners = await Promise.all(
    [{ "/n": { lt: 4 } }, { "/n": { gte: 3 } }, { "/n": { lt: 4 } }, {}, { "/n": 0 }].map(
      async (where, i) => {
        const one = (await RawClient.login(url, "eve", `e${i}`)).answering();
        await roomCalls(one).subscribe({ where });
        return one;
      },
    ),
  );
  const all = (await RawClient.login(url, "eve", "all")).answering();
  await roomCalls(all).subscribe();
  // Pipelined, so that they are told together.
  for (const n of upTo(6)) client.send(sending(n));
  await client.until(({ tid }) => tid === 6);
  for (const one of [...listeners, all]) await one.settled();
  expect([...listeners, all].map(kinds)).toEqual([[1, 2, 3], [3, 4, 5, 6], [1, 2, 3], upTo(6), [], upTo(6)]);
  for (const one of listeners) {
    const tids = one.texts
      .map((text) => JSON.parse(text))
      .flatMap(({ cmd, tid }) => (cmd === "event" ? tid : []));
    expect(new Set(tids).size).toBe(tids.length);
  }
});

test("[M17, R4] join with where gives a view of the room's messages, and of nothing else, as long as its subscription lasts", async () => {
  const { url, client, send, sendMany, reborn } = await inRoom();
  await sendMany(3);
  const eve = (await RawClient.login(url, "eve", "e1")).answering();
  const call = (cmd: string, data: object = {}) => eve.call(`media/room/${cmd}`, { room_id: "r", ...data });
  const heard = async () => {
    await client.settled();
    await eve.settled();
    return kinds(eve).filter((kind) => typeof kind === "number" || kind === "hi");
  };
  await eve.call("core/event/subscribe", { class: "media" });
  expect((await call("join", { where: even })).data).toMatchObject({
    first_id: 1,
    last_id: 3,
    recovered: true,
  });
  for (const n of [4, 5, 6]) await send({ n });
  await client.call("media/room/send_info", { room_id: "r", info: "hi" });
  expect(await heard()).toEqual([4, 6, "hi"]);
  expect((await call("join", { where: even, after: 1 })).data).toMatchObject({ last_id: 6, recovered: true });
  await expect.poll(heard).toEqual([4, 6, "hi", 2, 4, 6]);
  // The newest view holds: a join without one has none, one of the cursor goes with the next join that has one.
  await call("join");
  await send({ n: 7 });
  await call("msglog_subscribe", { where: { "/n": 9 } });
  for (const n of [8, 9]) await send({ n });
  await call("join", { where: even });
  for (const n of [10, 11]) await send({ n });
  await call("msglog_subscribe");
  await send({ n: 13 });
  await expect.poll(heard).toEqual([4, 6, "hi", 2, 4, 6, 7, 9, 10, 12]);
  await call("msglog_unsubscribe");
  await call("join", { where: even });
  for (const n of [13, 14]) await send({ n });
  await call("leave");
  await send({ n: 15 });
  await call("join", { where: even });
  for (const n of [15, 16]) await send({ n });
  await reborn();
  await send({ n: 1 });
  await expect.poll(async () => (await heard()).slice(10)).toEqual([14, 15, 17, 1]);
});

test("[M17, R4, M11] who lags gets what the view of his join lets through", async () => {
  const { url, sendMany } = await inRoom({ ...memory, limits: { window: 1 } });
  const eve = await RawClient.login(url, "eve", "e1");
  await eve.call("media/room/join", { room_id: "r", where: even });
  await sendMany(8);
  eve.answering();
  await expect.poll(() => kinds(eve).filter(Number)).toEqual([2, 4, 6, 8]);
});

test("[M17, R4] a wrong filter, or no right to read, and nobody has joined", async () => {
  const { login } = await people({ ann: ["*"], eve: ["room_join", "room_read"] }, memory);
  const [ann, eve] = [await login("ann"), await login("eve")];
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const join = async (who: RawClient, where: object) =>
    (await who.call("media/room/join", { room_id: "r", where })).data;
  expect(await join(ann, { n: 1 })).toMatchObject({ code: 100044, field: "where" });
  expect(await join(eve, even)).toMatchObject({ code: 100030 });
  const { data } = await ann.call("media/room/get_info", { room_id: "r" });
  expect(data.members).toEqual({});
});

/** Ann may all; eve reads of rooms "r…" only what is public, or hers. */
const PUBLIC = { right: "msglog_get", rooms: "r*", where: { "/public": true } };
const OWN = { right: "msglog_get", rooms: "r", where: { user_id: "eve" } };
const EVE = ["room_join", "room_read", "subscribe", "msglog_send", "msglog_history", PUBLIC, OWN];

async function stage(eves: Parameters<typeof people>[0][string] = EVE, config = {}) {
  const all = await people({ ann: ["*"], eve: eves }, { ...memory, ...config });
  const ann = await all.login("ann");
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const eve = await all.login("eve");
  const [asAnn, asEve] = [roomCalls(ann), roomCalls(eve)];
  /** 2 and 4 are public, 3 is eve's. */
  const fill = async () => {
    await asAnn.send({ n: 1 });
    await asAnn.send({ n: 2, public: true });
    await asEve.send({ n: 3 });
    await asAnn.send({ n: 4, public: true });
    await asAnn.send({ n: 5, public: 1 });
  };
  return { ...all, ann, eve, asAnn, asEve, fill };
}

test("[M17] a filter in a right: what any grant lets through, by every door", async () => {
  const { url, asEve, asAnn, eve, fill } = await stage();
  await fill();
  const http = httpClient(httpOf(url));
  expect(idsOf((await asAnn.get()).data)).toEqual([1, 2, 3, 4, 5]);
  expect(idsOf((await asEve.get()).data)).toEqual([2, 3, 4]);
  expect(idsOf((await asEve.get({ limit: 2, order: "desc" })).data)).toEqual([4, 3]);
  expect(idsOf((await asEve.get({ where: { "/n": { gte: 3 } } })).data)).toEqual([3, 4]);
  expect(idsOf((await asEve.get({ where: { or: [{}, { not: {} }] } })).data)).toEqual([2, 3, 4]);
  // The page that ann asked for is kept; it is not eve's, and hers is not ann's.
  expect(idsOf((await asAnn.get()).data)).toEqual([1, 2, 3, 4, 5]);
  const page = await http.get("/v1/rooms/r/messages", basic("eve"));
  expect(idsOf(page.body)).toEqual([2, 3, 4]);
  const { epoch } = await asEve.info();
  expect(idsOf((await asEve.get({ epoch })).data)).toEqual([2, 3, 4]);
  await asEve.subscribe({ after: 0 });
  expect(idsOf(await eve.settled())).toEqual([2, 3, 4]);
  const stream = await http.events("/v1/rooms/r/events?after=0", basic("eve"));
  const events = await stream.take(4);
  expect(events.map(({ id }) => id)).toEqual([undefined, "2", "3", "4"]);
  await asAnn.reborn();
  expect(idsOf((await asEve.get({ epoch })).data)).toEqual([2, 3, 4]);
});

test.for([memory, {}])(
  "[M17] [M15] [M16] [M20] [M21] what counts, changes and erases is silent about what a right hides, %j",
  async (store) => {
    const all = await people(
      { ann: ["*", "msglog_erase"], bob: ["*"], eve: [...EVE, "msglog_edit", "msglog_delete"] },
      store,
    );
    const [ann, bob, eve] = [await all.login("ann"), await all.login("bob"), await all.login("eve")];
    await ann.call("media/room/create", { class: "chat", room_id: "r" });
    const [asAnn, asBob, asEve] = [ann, bob, eve].map(roomCalls) as [Room, Room, Room];
    await asEve.subscribe();
    await asAnn.subscribe();
    await asAnn.send({ public: true });
    await asBob.send({ hidden: 1 }, { ref: 1, mentions: ["eve"] });
    await asBob.send({ public: true }, { ref: 1, mentions: ["eve"] });
    await bob.call("media/room/msglog_edit", { room_id: "r", msg_id: 2, msg: { hidden: 2 } });
    const [first] = (await asEve.get({ refs: true })).data;
    expect(first.$log).toEqual({ refs: 1 });
    expect((await asAnn.get({ refs: true })).data[0].$log).toEqual({ refs: 2 });
    const unread = await eve.call("media/room/msglog_unread", { rooms: ["r"] });
    expect(unread.data).toMatchObject([{ unread: 2, mentions: 1, last_id: 4 }]);
    const change = async (msg_id: number) => [
      (await eve.call("media/room/msglog_edit", { room_id: "r", msg_id, msg: {} })).data.code,
      (await eve.call("media/room/msglog_delete", { room_id: "r", msg_id })).data.code,
    ];
    for (const msg_id of [1, 2, 4, 5]) expect(await change(msg_id)).toEqual([304110, 304110]);
    await ann.call("media/room/msglog_erase_user", { user_id: "bob" });
    await Promise.all([ann.settled(), eve.settled()]);
    const isTold = (client: RawClient) => eventsOfRoom(client).some(({ type }) => type === "msglog_erased");
    expect([isTold(ann), isTold(eve)]).toEqual([true, false]);
  },
);

test("[M20] [Q1] what is unread is counted by a filter as far as one may look, edits and long messages too", async () => {
  const { url, client, send } = await inRoom({ ...memory, services: { main: { msglog: { max_scan: 8 } } } });
  const bob = await RawClient.login(url, "bob");
  const unread = async () =>
    (await bob.call("media/room/msglog_unread", { rooms: ["r"], where: { "/n": { exists: true } } })).data;
  for (let n = 0; n < 2; n++) await send({ n });
  expect(await unread()).toMatchObject([{ unread: 2 }]);
  for (let n = 0; n < 7; n++)
    await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 1, msg: { n } });
  expect(await unread()).toMatchObject({ code: 304103, field: "rooms", limit: 8 });
});

/** What eve is told in a room whose third, fifth and sixth message she may not read. */
async function toldOf(hidden: readonly [string, string, string], by: "ann" | "mod", config: object) {
  const all = await people({ ann: ["*"], mod: ["*"], eve: EVE }, config);
  const [ann, other, eve] = [await all.login("ann"), await all.login(by, "s"), await all.login("eve")];
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const [asAnn, asOther, asEve] = [ann, other, eve].map(roomCalls) as [Room, Room, Room];
  const [third, fifth, sixth] = hidden;
  await asAnn.send({ text: "salary", public: true });
  await asAnn.send({ text: "pepper", public: true });
  await asOther.send({ text: third });
  await asAnn.send({ text: "salt", public: true });
  await asOther.send({ text: fifth }, { ref: by === "ann" ? 1 : 2 });
  await asOther.send({ text: sixth });
  await asAnn.send({ text: "salary and salt", public: true });
  const answers = [];
  for (const query of QUESTIONS) {
    const { data } = await asEve.get(query);
    const page = Array.isArray(data) ? idsOf(data) : data;
    answers.push([query, page]);
  }
  return answers;
}

type Room = ReturnType<typeof roomCalls>;

const scanning = (max_scan: number) => ({ services: { main: { msglog: { max_scan } } } });

const QUESTIONS = [
  ...["sal*", "salary", "secret", '"the salary"'].flatMap((search) => [
    { search },
    { search, limit: 1 },
    { search, order: "asc", limit: 2 },
    { search, order: "asc", after: 2, limit: 1 },
    { search, before: 7, limit: 3 },
    { search, order: "rank" },
    { search, order: "rank", limit: 2 },
    { search, around: 4, limit: 2 },
    ...upTo(8).map((rank_after) => ({ search, order: "rank", rank_after })),
  ]),
  ...[{ user_id: "ann" }, { user_id: "mod" }, { session_id: "s" }, { ref: 1 }, { ref: 2 }].flatMap((part) => [
    part,
    { ...part, limit: 1, after: 2 },
    { ...part, order: "desc", before: 7, limit: 2 },
    { ...part, where: { "/public": true }, limit: 3, after: 4 },
  ]),
  ...upTo(8).map((around) => ({ around })),
];

test.for([memory, {}].flatMap((config) => [3, 100].map((most) => ({ ...config, ...scanning(most) }))))(
  "[M17, M18] no answer depends on what a view hides, whatever is asked for, %j",
  async (config) => {
    const one = await toldOf(["the salary", "salary again", "more salary"], "ann", config);
    const other = await toldOf(["nothing !!", "secret, secret", "and so on…"], "mod", config);
    expect(one).toEqual(other);
    const found = one.filter(([, page]) => Array.isArray(page) && page.length > 0);
    expect(found.length).toBeGreaterThan(15);
  },
);

test.for([memory, {}])(
  "[M17, M18] a hidden message cannot be named, whether it would be found or not, %j",
  async (config) => {
    const { asAnn, asEve } = await stage(EVE, config);
    for (const [text, isPublic] of [["salary", true], ["salary"], ["sugar"], ["salt", true]] as const)
      await asAnn.send({ text, ...(isPublic && { public: true }) });
    const missing = { data: { code: 304110 } };
    for (const named of [2, 3, 5]) {
      expect(await asEve.get({ search: "sal*", order: "rank", rank_after: named })).toMatchObject(missing);
      expect(await asEve.get({ around: named })).toMatchObject(missing);
    }
    const behind = async (rank_after: number, more = {}) =>
      (await asEve.get({ search: "sal*", order: "rank", rank_after, ...more })).data;
    expect(idsOf(await behind(4))).toEqual([1]);
    expect(await behind(1)).toEqual([]);
    // It is not one of what is asked for.
    expect(await behind(4, { before: 4 })).toMatchObject({ code: 304110 });
    expect(await behind(4, { user_id: "eve" })).toMatchObject({ code: 304110 });
    expect(await behind(4, { where: { "/text": "salary" } })).toMatchObject({ code: 304110 });
    expect(idsOf((await asEve.get({ around: 4, where: { "/text": "salary" } })).data)).toEqual([1]);
    const missed = await asAnn.get({ search: "sal*", order: "rank", rank_after: 3 });
    expect(missed).toMatchObject(missing);
  },
);

test.for([memory, {}])(
  "[M17, M15] of former wordings those come that a view lets through, by every way, %j",
  async (config) => {
    const { url, ann, asAnn, asEve } = await stage(EVE, config);
    const edit = (msg_id: number, msg: object) =>
      ann.call("media/room/msglog_edit", { room_id: "r", msg_id, msg });
    await asAnn.send({ text: "salary" });
    await asAnn.send({ text: "open", public: true });
    await edit(1, { text: "ok", public: true });
    await edit(2, { text: "secret" });
    await edit(2, { text: "open again", public: true });
    await edit(1, { text: "fine", public: true });
    const wordings = (page: readonly Frame[]) =>
      page.flatMap(({ $log }) => $log?.versions?.map(({ msg_id, msg }: Frame) => [msg_id, msg.text]) ?? []);
    const hers = [
      [3, "ok"],
      [6, "fine"],
      [2, "open"],
      [5, "open again"],
    ];
    const all = (await asAnn.get({ versions: true })).data;
    expect(wordings(all)).toHaveLength(6);
    expect(all[0].$log.versions[0]).toMatchObject({ msg_id: 1, msg: { text: "salary" } });
    const { epoch } = await asEve.info();
    for (const query of [
      {},
      { epoch },
      { digest: true },
      { where: { "/public": true } },
      { search: "fine open*", order: "rank", limit: 9 },
      { around: 2 },
      { user_id: "ann" },
    ]) {
      const page = (await asEve.get({ versions: true, ...query })).data;
      const ids = new Set(
        page.flatMap(({ $log, msg_id }: Frame) =>
          $log?.versions ? [1, 2].filter((id) => id === msg_id) : [],
        ),
      );
      const expected = [...(ids.has(1) ? hers.slice(0, 2) : []), ...(ids.has(2) ? hers.slice(2) : [])];
      expect(wordings(page), JSON.stringify(query)).toEqual(expected);
      expect(JSON.stringify(page)).not.toMatch(/salary|secret/);
    }
    expect(wordings((await asEve.get({ versions: true })).data)).toEqual(hers);
    const http = httpClient(httpOf(url));
    for (const path of ["messages?versions=true", "messages/1?versions=true", "export?versions=true"]) {
      const { text } = await http.get(`/v1/rooms/r/${path}`, basic("eve"));
      expect(text).toContain('"text":"ok"');
      expect(text).not.toMatch(/salary|secret/);
    }
  },
);

test("[M17] it holds for live messages by E2 subscriptions, wildcards and join too, with the own view by and", async () => {
  const { eve, asEve, fill } = await stage();
  await eve.call("core/event/subscribe", { class: "*" });
  await eve.call("media/room/join", { room_id: "r", after: 0 });
  await fill();
  await eve.settled();
  expect(kinds(eve).filter(Number)).toEqual([2, 3, 4]);
  await asEve.subscribe({ where: { "/n": { lt: 3 } } });
  eve.forget();
  await fill();
  await eve.settled();
  expect(kinds(eve).filter(Number)).toEqual([7]);
});

test("[M17] a grant without a filter, everywhere or here, takes the filter away; a role does too, as long as it lasts", async () => {
  const everywhere = await stage(["msglog_get", ...EVE]);
  await everywhere.fill();
  expect(idsOf((await everywhere.asEve.get()).data)).toHaveLength(5);
  const here = await stage([{ right: "*", rooms: "r" }, ...EVE]);
  await here.fill();
  expect(idsOf((await here.asEve.get()).data)).toHaveLength(5);
  const { asEve, ann, eve, fill } = await stage();
  await fill();
  const grant = (role: string) => ann.call("media/room/grant", { room_id: "r", user_id: "eve", role });
  await eve.call("core/event/subscribe", { class: "media" });
  await grant("viewer");
  expect(idsOf((await asEve.get()).data)).toHaveLength(5);
  eve.forget();
  await grant("none");
  await fill();
  expect(idsOf((await asEve.get({ after: 5 })).data)).toEqual([7, 8, 9]);
  expect(kinds(eve).filter(Number)).toEqual([7, 8, 9]);
});

test("[M17] what waits for who lags is seen by the rights that he has when it is read", async () => {
  const { eve, ann, asAnn, url } = await stage(EVE, { limits: { window: 1 } });
  const slow = await RawClient.connect(url);
  await slow.call("core/user/login", { user: "eve", password: "secret", session_id: "slow" });
  await ann.call("media/room/grant", { room_id: "r", user_id: "eve", role: "viewer" });
  await roomCalls(slow).subscribe();
  for (const n of upTo(6)) await asAnn.send({ n, ...(n > 4 && { public: true }) });
  await ann.call("media/room/grant", { room_id: "r", user_id: "eve", role: "none" });
  await eve.settled();
  slow.answering();
  await expect.poll(() => kinds(slow)).toEqual([1, 5, 6]);
});

test("[M17] where in a right of a token; one that is no filter, or of another right, is no right", async () => {
  const keys = [{ algorithm: "HS256" as const, secret: SECRET }];
  const jwt = { kind: "jwt" as const, issuer: "i", audience: "a", keys, rights_claim: "rights" };
  const { url } = await serverForTest({ ...memory, authenticators: [jwt], users: [] });
  const login = async (rights: unknown[], sub: string) => {
    const client = (await RawClient.connect(url)).answering();
    const answer = await client.call("core/user/login", {
      token: await token({ iss: "i", aud: "a", sub, rights }),
    });
    return { client, answer };
  };
  const ann = roomCalls((await login(["*"], "ann")).client);
  const { client: owner } = await login(["*"], "ann");
  await owner.call("media/room/create", { class: "chat", room_id: "r" });
  await ann.send({ n: 1 });
  await ann.send({ n: 2 });
  const where = { "/n": { gt: 1 } };
  const eve = (await login(["msglog_history", { right: "msglog_get", rooms: "r", where }], "eve")).client;
  expect(idsOf((await roomCalls(eve).get()).data)).toEqual([2]);
  for (const bad of [
    { right: "msglog_get", rooms: "r", where: { n: 1 } },
    { right: "msglog_get", rooms: "r", where: null },
    { right: "*", rooms: "r", where },
    { right: "msglog_send", rooms: "r", where },
  ])
    expect((await login([bad], "eve")).answer.data).toMatchObject({ code: 100030 });
});

test("[M17] a configuration whose right has a wrong filter does not start, and says where", async () => {
  const start = (right: object) => people({ eve: [right as never] }, memory);
  for (const [right, words] of [
    [{ ...PUBLIC, where: { "/n": { is: 1 } } }, 'where["/n"].is is no operator'],
    [{ ...PUBLIC, right: "msglog_send" }, "only msglog_get can have a filter"],
  ] as const)
    await expect(start(right)).rejects.toMatchObject({
      issues: [{ path: ["users", 0, "rights", 0, "where"], message: expect.stringContaining(words) }],
    });
});

test("[H5, M17] pages by HTTP keep where in their links; when a filter has examined enough a link goes on", async () => {
  const { url, sendMany } = await inRoom({ ...memory, services: { main: { msglog: { max_scan: 3 } } } });
  await sendMany(20);
  const { get } = httpClient(httpOf(url));
  const where = encodeURIComponent(JSON.stringify({ "/n": { in: [2, 11, 12, 20] } }));
  for (const order of ["asc", "desc"]) {
    const found: number[] = [];
    let scans = 0;
    for (let to: string | undefined = `/v1/rooms/r/messages?limit=2&order=${order}&where=${where}`; to; ) {
      const { status, body, headers } = await get(to);
      if (status === 200) found.push(...idsOf(body));
      else {
        expect([status, body.code]).toEqual([400, 304103]);
        scans += 1;
      }
      to = linkTo("next", headers);
    }
    expect(found).toEqual(order === "asc" ? [2, 11, 12, 20] : [20, 12, 11, 2]);
    expect(scans).toBeGreaterThan(2);
  }
  const { headers } = await get(`/v1/rooms/r/messages?where=${where}`);
  for (const rel of ["first", "last", "next", "prev"]) expect(linkTo(rel, headers)).toContain("where=");
  expect((await get("/v1/rooms/r/messages?where=x")).body).toMatchObject({ code: 100044, field: "where" });
  expect((await get('/v1/rooms/r/messages?where={"n":1}')).body.error).toContain("where.n is no path");
});

test("[H7, M17] a stream of events takes where", async () => {
  const { url, sendMany, send } = await inRoom(memory);
  await sendMany(5);
  const { events, get } = httpClient(httpOf(url));
  const stream = await events(`/v1/rooms/r/events?after=0&where=${encodeURIComponent('{"/n":{"gte":4}}')}`);
  expect((await stream.take(3)).map(({ id }) => id)).toEqual([undefined, "4", "5"]);
  await send({ n: 1 });
  await send({ n: 7 });
  expect((await stream.take(1)).map(({ id }) => id)).toEqual(["7"]);
  expect((await get("/v1/rooms/r/events?where=1")).body).toMatchObject({ code: 100044, field: "where" });
});

test("[M17, L16] where in a right that a webhook gives; with a wrong one nobody is let in", async () => {
  const { url, answers } = await receiver();
  let rights: unknown[] = ["*"];
  answers(({ response }) => response.end(JSON.stringify({ user: "eve", rights })));
  const authenticators = [{ kind: "webhook" as const, url, secret: "sixteen characters" }];
  const server = await serverForTest({ ...memory, authenticators });
  const login = async () => {
    const client = await RawClient.connect(server.url);
    return { client, answer: await client.call("core/user/login", { user: "eve" }) };
  };
  const { client: owner } = await login();
  await owner.call("media/room/create", { class: "chat", room_id: "s" });
  await owner.call("media/room/grant", { room_id: "s", user_id: "eve", role: "none" });
  for (const n of [1, 2]) await owner.call("media/room/msglog_send", { room_id: "s", msg: { n } });
  rights = ["msglog_history", { right: "msglog_get", rooms: "s", where: { "/n": 2 } }];
  const { client } = await login();
  expect(idsOf((await client.call("media/room/msglog_get", { room_id: "s" })).data)).toEqual([2]);
  rights = ["*", { right: "msglog_get", rooms: "s", where: { n: 2 } }];
  expect((await login()).answer.data).toMatchObject({ code: 100050 });
});
