import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import type { Told } from "../support/receiver.ts";
import { serverForTest } from "../support/server.ts";
import { callsOf, SECRET, withWebhook } from "../support/webhooks.ts";

/** Answers that are held back, and given one by one. */
function held() {
  const waiting: Told[] = [];
  return {
    waiting,
    answer: (one: Told) => {
      waiting.push(one);
    },
    /** Answers the oldest one. */
    next(status = 200) {
      waiting.shift()?.response.writeHead(status).end();
    },
  };
}

test("[W1] what is stored is told with a signed POST, as exact JSON in the order of the log", async () => {
  const { root, told } = await withWebhook();
  const msg = '{"big":12345678901234567890,"x":1.0,"__proto__":{"n":-0}}';
  await root.call("media/room/msglog_send", { room_id: "r", msg: JSON.parse(msg) });
  await expect.poll(() => told.length).toBe(1);
  const [{ body, signature, payload } = { body: "", signature: "", payload: {} }] = told;
  const { epoch } = await root.call("media/room/msglog_info", { room_id: "r" });
  expect(payload).toMatchObject({ service: "main", webhook: "hook", room_id: "r", epoch });
  expect(Object.keys(payload)).toEqual(["service", "webhook", "room_id", "epoch", "messages"]);
  expect(payload.messages).toMatchObject([{ msg_id: 1, user_id: "root", session_id: "s1", x: 1 }]);
  const hex = createHmac("sha256", SECRET).update(`1700000000.${body}`).digest("hex");
  expect(signature).toBe(`t=1700000000,v1=${hex}`);
});

test("[W1, M7] the text of a message is that of the log", async () => {
  const { root, told, server } = await withWebhook();
  const socket = new WebSocket(server.url);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  const exact = '{"big":12345678901234567890,"x":1.0,"e":1e400,"z":-0}';
  socket.send(
    '{"class":"core","subclass":"user","cmd":"login","data":{"user":"root","password":"secret"},"tid":1}',
  );
  socket.send(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":${exact}},"tid":2}`,
  );
  await expect.poll(() => told[0]?.body ?? "").toContain(exact.slice(0, -1));
  socket.close();
  await root.close();
});

test("[W1] at most so many messages are in a request, and only rooms that are named", async () => {
  const { create, send, idsOf, told } = await withWebhook({ rooms: "team-*", max_messages: 3 });
  await create("team-1");
  await send("r");
  await send("team-1", 7);
  await expect.poll(() => idsOf("team-1").flat()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(Math.max(...idsOf("team-1").map(({ length }) => length))).toBeLessThanOrEqual(3);
  expect(told.every(({ payload }) => payload.room_id === "team-1")).toBe(true);
});

test("[W1] a webhook for one room hears that room", async () => {
  const { create, send, idsOf } = await withWebhook({ rooms: "r" });
  await create("r2");
  await send("r2");
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1]]);
  expect(idsOf("r2")).toEqual([]);
});

test.for([
  [{ url: "http://example.org/" }, "allow_plaintext"],
  [{ url: "ftp://127.0.0.1/" }, "url"],
  [{ url: "https://a:b@example.org/" }, "password"],
  [{ secret: "short" }, "secret"],
  [{ name: "a b" }, "name"],
] as const)("[W1] %o is a wrong configuration", async ([hook, sentence]) => {
  const webhooks = [{ name: "hook", url: "https://example.org/", secret: SECRET, ...hook }];
  const services = { main: { webhooks } };
  await expect(serverForTest({ store: { kind: "memory" }, services })).rejects.toThrow(sentence);
});

test("[W1] two webhooks of one name are a wrong configuration; http elsewhere can be allowed", async () => {
  const hook = { name: "hook", url: "http://example.org/", secret: SECRET, allow_plaintext: true };
  const started = (...webhooks: object[]) =>
    serverForTest({ store: { kind: "memory" }, services: { main: { webhooks } } });
  await started(hook);
  await expect(started(hook, hook)).rejects.toThrow("same name");
});

test("[W2] of a room there is one request at a time; what comes meanwhile goes together", async () => {
  const { send, answers, idsOf } = await withWebhook();
  const { answer, next, waiting } = held();
  answers(answer);
  await send("r");
  await expect.poll(() => waiting.length).toBe(1);
  await send("r", 5);
  expect(waiting).toHaveLength(1);
  next();
  await expect.poll(() => waiting.length).toBe(1);
  expect(idsOf("r")).toEqual([[1], [2, 3, 4, 5, 6]]);
  next();
});

test.for(["r", "r*"])(
  "[W2] a look for rooms of %s begins no request beside the one that runs",
  async (rooms) => {
    const hook = { rooms, timeout_seconds: 300 };
    const { send, answers, clock, reload, told, list } = await withWebhook(hook);
    const { answer, next } = held();
    answers(answer);
    await send("r");
    await expect.poll(() => told.length).toBe(1);
    clock.advance(60_000);
    await reload({ ...hook, max_messages: 7 });
    await quiet(list);
    expect(told).toHaveLength(1);
    next();
    await expect.poll(list).toMatchObject([{ rooms_behind: 0 }]);
    expect(told).toHaveLength(1);
  },
);

test("[W2] several rooms are told side by side, and no more than are allowed", async () => {
  const { create, send, answers } = await withWebhook({ requests_at_once: 2 });
  const { answer, next, waiting } = held();
  answers(answer);
  const rooms = ["a", "b", "c"];
  for (const room_id of rooms) await create(room_id);
  for (const room_id of rooms) await send(room_id);
  await expect.poll(() => waiting.map(({ payload }) => payload.room_id)).toEqual(["a", "b"]);
  next();
  await expect.poll(() => waiting.map(({ payload }) => payload.room_id)).toEqual(["b", "c"]);
  next();
  next();
});

test("[W2] after a restart a webhook goes on behind what was answered", async () => {
  const { send, server, start, idsOf, answers, told } = await withWebhook();
  await send("r", 3);
  await expect.poll(() => idsOf("r").flat()).toEqual([1, 2, 3]);
  answers(500);
  await send("r", 2);
  await expect.poll(() => told.at(-1)?.payload.messages[0].msg_id).toBe(4);
  await server.close();
  told.length = 0;
  answers(200);
  await start({});
  await expect.poll(() => idsOf("r").flat()).toEqual([4, 5]);
});

test("[W2] what was answered just before a kill comes again, and nothing else", async () => {
  const { send, server, start, idsOf, told, clock, list } = await withWebhook();
  await send("r", 3);
  await expect.poll(() => idsOf("r").flat()).toEqual([1, 2, 3]);
  clock.advance(500);
  await expect.poll(async () => (await list())[0]?.rooms_behind).toBe(0);
  expect(told).toHaveLength(idsOf("r").length);
  await server.close();
  told.length = 0;
  const again = await start({});
  await again.send("r");
  await expect.poll(() => idsOf("r")).toEqual([[4]]);
});

test("[W4] a new webhook begins with what is sent when it is there", async () => {
  const { send, create, reload, told } = await withWebhook();
  await send("r", 2);
  await expect.poll(() => told.length).toBeGreaterThan(0);
  await reload({}, { name: "new" });
  await create("later");
  await send("r");
  await send("later");
  const of = (webhook: string) =>
    told.flatMap(({ payload }) =>
      payload.webhook === webhook
        ? payload.messages.map(({ msg_id }: { msg_id: number }) => `${payload.room_id} ${msg_id}`)
        : [],
    );
  await expect.poll(() => of("new").sort()).toEqual(["later 1", "r 3"]);
  await expect.poll(() => of("hook").sort()).toEqual(["later 1", "r 1", "r 2", "r 3"]);
});

test("[W4] one that is left out keeps its place for 7 days, and begins anew after that", async () => {
  const { send, reload, idsOf, clock, told, list, server } = await withWebhook();
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1]]);
  await reload();
  expect(await list()).toMatchObject([{ webhook: "hook", state: "removed", dead_letters: 0 }]);
  await send("r");
  await reload({});
  await expect.poll(() => idsOf("r")).toEqual([[1], [2]]);
  await reload();
  clock.advance(7 * 24 * 3600 * 1000 + 1);
  const later = await callsOf(server.url);
  await later.send("r");
  await reload({});
  await later.send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1], [2], [4]]);
  expect(told).toHaveLength(3);
});

test("[W5] what was dropped before it was told is named", async () => {
  const { send, purge, answers, told, clock } = await withWebhook();
  answers(500);
  await send("r", 5);
  await expect.poll(() => told.length).toBe(1);
  await purge("r", 4);
  answers(200);
  clock.advance(1000);
  await expect.poll(() => told.length).toBe(2);
  expect(told[1]?.payload).toMatchObject({
    dropped: { from: 1, to: 3 },
    messages: [{ msg_id: 4 }, { msg_id: 5 }],
  });
  await purge("r", 6);
  await send("r");
  await expect.poll(() => told.length).toBe(3);
  expect(told[2]?.payload).not.toHaveProperty("dropped");
});

test("[W5] when all was dropped that is told too", async () => {
  const { send, purge, answers, told, clock } = await withWebhook();
  answers(500);
  await send("r", 2);
  await expect.poll(() => told.length).toBe(1);
  await purge("r", 3);
  answers(200);
  clock.advance(1000);
  await expect.poll(() => told.length).toBe(2);
  expect(told[1]?.payload).toMatchObject({ dropped: { from: 1, to: 2 }, messages: [] });
});

test("[W5] the rest of an ended life is told, then its end, then the next life", async () => {
  const { send, destroy, create, answers, told, clock } = await withWebhook();
  answers(500);
  await send("r", 2);
  await expect.poll(() => told.length).toBe(1);
  await destroy("r");
  await create("r");
  await send("r");
  answers(200);
  clock.advance(1000);
  const story = () =>
    told
      .slice(1)
      .map(({ payload: { messages, destroyed } }) => [
        messages.map(({ msg_id }: { msg_id: number }) => msg_id),
        destroyed,
      ]);
  await expect.poll(story).toEqual([
    [[1, 2], true],
    [[1], undefined],
  ]);
  const epochs = told.map(({ payload }) => payload.epoch);
  expect(epochs[1]).toBe(epochs[0]);
  expect(epochs[2]).not.toBe(epochs[0]);
});

test("[W5] the end of a life of which all was told, and of one whose log is not kept", async () => {
  const { send, destroy, create, told } = await withWebhook({}, { msglog: { on_destroy: "delete" } });
  await send("r");
  await expect.poll(() => told.length).toBe(1);
  await destroy("r");
  await expect.poll(() => told.length).toBe(2);
  expect(told[1]?.payload).toMatchObject({ messages: [], destroyed: true });
  await create("silent");
  await destroy("silent");
  await expect.poll(() => told.length).toBe(3);
  expect(told[2]?.payload).toMatchObject({ room_id: "silent", messages: [], destroyed: true });
});

test("[W8] a reload takes another address and secret at once, and goes on where it was", async () => {
  const { send, answers, told, reload, url } = await withWebhook();
  answers(500);
  await send("r", 2);
  await expect.poll(() => told.length).toBe(1);
  answers(200);
  await reload({ url: `${url}/other`, secret: "another sixteen characters" });
  await expect.poll(() => told.length).toBe(2);
  const { body, signature } = told[1] as Told;
  const hex = createHmac("sha256", "another sixteen characters").update(`1700000000.${body}`).digest("hex");
  expect(signature).toBe(`t=1700000000,v1=${hex}`);
});

test("[W8] after a reload nothing is told of rooms that are not named any more", async () => {
  const { create, send, answers, clock, reload, told, list, idsOf } = await withWebhook({ max_messages: 1 });
  for (const room_id of ["resting", "running", "waiting"]) await create(room_id);
  const { answer, next, waiting } = held();
  answers(({ response }) => response.writeHead(500).end());
  await send("resting", 2);
  await expect.poll(list).toMatchObject([{ failures: 1 }]);
  answers(answer);
  await send("running", 2);
  await expect.poll(() => waiting.length).toBe(1);
  await reload({ rooms: "r", requests_at_once: 1 });
  await send("waiting", 2);
  await send("running");
  next();
  await send("r");
  await expect.poll(() => waiting.length).toBe(1);
  next();
  await expect.poll(list).toMatchObject([{ rooms_behind: 0, state: "ok" }]);
  clock.advance(120_000);
  await quiet(list);
  expect(told.map(({ payload }) => payload.room_id)).toEqual(["resting", "running", "r"]);
  answers(200);
  await reload({});
  await expect.poll(() => idsOf("resting").flat()).toEqual([1, 1, 2]);
  await expect.poll(() => idsOf("running").flat()).toEqual([1, 2, 3]);
  await expect.poll(() => idsOf("waiting").flat()).toEqual([1, 2]);
});

test("[W8] rooms that are named anew are looked for at once, also while others are", async () => {
  const { create, send, clock, reload, list, idsOf } = await withWebhook({ rooms: "none*" });
  await send("r");
  // More than one look takes.
  for (let n = 0; n < 1000; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => create(`room ${n + i}`)));
    clock.advance(1000);
  }
  clock.advance(60_000);
  await quiet(list);
  await reload({ rooms: "*" });
  await expect.poll(() => clock.advance(10) ?? idsOf("r")).toEqual([[1]]);
});

test("[W8, T5] a stop waits for the request that runs, and begins no other", async () => {
  const { send, server, answers, told, start, idsOf } = await withWebhook();
  const { answer, next, waiting } = held();
  answers(answer);
  await send("r");
  await expect.poll(() => waiting.length).toBe(1);
  await send("r");
  const closed = server.close();
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isClosed).toBe(false);
  next();
  await closed;
  expect(idsOf("r")).toEqual([[1]]);
  told.length = 0;
  answers(200);
  await start({});
  await expect.poll(() => idsOf("r")).toEqual([[2]]);
});

test("[W8, T5] what is not answered within the drain time is given up, and comes again", async () => {
  const { send, server, answers, told, start, idsOf, clock } = await withWebhook({ timeout_seconds: 300 });
  answers(() => {});
  await send("r");
  await expect.poll(() => told.length).toBe(1);
  const closed = server.close();
  await expect.poll(() => clock.advance(1000) ?? isResolved(closed)).toBe(true);
  told.length = 0;
  answers(200);
  await start({});
  await expect.poll(() => idsOf("r")).toEqual([[1]]);
});

test("[W7, T5] a dead letter that is sent again is given up with the service", async () => {
  const { send, server, answers, told, letters, retry, clock } = await withWebhook({ timeout_seconds: 300 });
  answers(410);
  await send("r");
  await expect.poll(letters).toHaveLength(1);
  answers(() => {});
  retry(1).catch(() => {});
  await expect.poll(() => told.length).toBe(2);
  const closed = server.close();
  await expect.poll(() => clock.advance(1000) ?? told[1]?.response.closed).toBe(true);
  await closed;
});

/** Lets everything happen that does not wait for the clock. */
async function quiet(list: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 5; n++) await list();
}

/** Whether a promise has resolved by now. */
function isResolved(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
}
