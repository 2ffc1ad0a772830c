import { createServer } from "node:net";
import type { CommandResult } from "@roomlog/protocol";
import { expect, test } from "vitest";
import type { ManualClock } from "../../packages/server/src/testing/clock.ts";
import type { Told } from "../support/receiver.ts";
import { SECRET, withWebhook } from "../support/webhooks.ts";

const failures: Record<string, (told: Told) => void> = {
  "an error": ({ response }) => response.writeHead(500).end(),
  "a refusal": ({ response }) => response.writeHead(404).end(),
  "a redirect": ({ response }) => response.writeHead(307, { location: "/other" }).end(),
  "a broken connection": ({ response }) => response.destroy(),
  "half a head": ({ response }) => response.socket?.end("HTTP/1.1 200"),
};

test.for(Object.keys(failures))("[W3] after %s the same comes again", async (name) => {
  const { send, answers, clock, idsOf, list } = await withWebhook();
  answers((one) => failures[name]?.(one));
  await send("r");
  await haveFailed(1, list);
  answers(200);
  clock.advance(1000);
  await expect.poll(() => idsOf("r")).toEqual([[1], [1]]);
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1], [1], [2]]);
});

test("[W3] what is not answered in time comes again", async () => {
  const { send, answers, told, clock, list } = await withWebhook({ timeout_seconds: 7 });
  answers(() => {});
  await send("r");
  await expect.poll(() => told.length).toBe(1);
  clock.advance(6999);
  expect(await list()).toMatchObject([{ state: "ok", rooms_behind: 1, lag_seconds: 6 }]);
  clock.advance(1);
  await expect.poll(list).toMatchObject([{ state: "failing", last_error: "no answer within 7 s" }]);
  answers(200);
  clock.advance(1000);
  await expect.poll(() => told.length).toBe(2);
  await expect.poll(list).toMatchObject([{ state: "ok", rooms_behind: 0, lag_seconds: 0 }]);
});

test("[W3] the body of an answer is of no matter, however long it is", async () => {
  const { send, answers, idsOf } = await withWebhook();
  answers(({ response }) => response.end("x".repeat(1_000_000)));
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1]]);
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1], [2]]);
});

test("[W3] a receiver that is not there is no end of anything", async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const { send, list, reload, url, idsOf } = await withWebhook({ url: `http://127.0.0.1:${port}/` });
  await send("r");
  await expect.poll(list).toMatchObject([{ state: "failing", last_error: "ECONNREFUSED" }]);
  await reload({ url });
  await expect.poll(() => idsOf("r")).toEqual([[1]]);
});

test("[W3] tries come after 1 s, 2 s, 4 s … up to the longest, with half as many messages each time", async () => {
  const { send, answers, told, clock, idsOf, list } = await withWebhook({
    max_messages: 8,
    max_retry_seconds: 5,
  });
  answers(500);
  await send("r", 8);
  const rests = [1000, 2000, 4000, 5000, 5000];
  for (const [i, ms] of rests.entries()) {
    await haveFailed(i + 1, list);
    clock.advance(ms - 1);
    await quiet(list);
    expect(told).toHaveLength(i + 1);
    clock.advance(1);
  }
  await expect.poll(() => told.length).toBe(6);
  const sizes = idsOf("r").map(({ length }) => length);
  expect(sizes.slice(1)).toEqual([4, 2, 1, 1, 1]);
});

test.for(["r", "r*"])("[W3] a look for rooms of %s ends no rest", async (rooms) => {
  const { send, answers, told, clock, list } = await withWebhook({ rooms });
  answers(500);
  await send("r");
  for (let i = 1; i <= 8; i++) {
    await haveFailed(i, list);
    clock.advance(2 ** (i - 1) * 1000);
  }
  await haveFailed(9, list);
  clock.advance(61_000);
  await quiet(list);
  expect(told).toHaveLength(9);
  clock.advance(195_000);
  await expect.poll(() => told.length).toBe(10);
});

test("[W3] by chance a rest is up to half as long", async () => {
  const { send, answers, told, clock, list } = await withWebhook({}, { parts: { random: () => 0.999 } });
  answers(500);
  await send("r");
  await haveFailed(1, list);
  clock.advance(499);
  await quiet(list);
  expect(told).toHaveLength(1);
  clock.advance(2);
  await expect.poll(() => told.length).toBe(2);
});

test.for([
  ["seconds", "30"],
  ["a date", new Date(1_700_000_030_000).toUTCString()],
])("[W3] Retry-After in %s rests the whole webhook", async ([, header = ""]) => {
  const { send, create, answers, told, clock, list } = await withWebhook();
  await create("other");
  answers(({ response }) => response.writeHead(429, { "retry-after": header }).end());
  await send("r");
  await haveFailed(1, list);
  await send("other");
  clock.advance(29_999);
  await quiet(list);
  expect(told).toHaveLength(1);
  answers(200);
  clock.advance(1);
  await expect.poll(() => told.map(({ payload }) => payload.room_id).sort()).toEqual(["other", "r", "r"]);
});

test("[W3] Retry-After holds when another room is taken meanwhile, and ends with a reload", async () => {
  const { send, create, answers, told, clock, list, idsOf, reload } = await withWebhook();
  for (const room_id of ["a", "b"]) await create(room_id);
  answers(() => {});
  for (const room_id of ["a", "b"]) await send(room_id);
  await expect.poll(() => told.length).toBe(2);
  const responseTo = (room_id: string) => told.find(({ payload }) => payload.room_id === room_id)?.response;
  responseTo("a")?.writeHead(503, { "retry-after": "60" }).end();
  await haveFailed(1, list);
  responseTo("b")?.end();
  await haveFailed(0, list);
  answers(200);
  await send("b");
  clock.advance(59_999);
  await quiet(list);
  expect(told).toHaveLength(2);
  clock.advance(1);
  await expect
    .poll(() => [idsOf("a"), idsOf("b")])
    .toEqual([
      [[1], [1]],
      [[1], [2]],
    ]);
  answers(({ response }) => response.writeHead(503, { "retry-after": "60" }).end());
  await send("r");
  await haveFailed(1, list);
  answers(200);
  await reload({ max_messages: 7 });
  await expect.poll(() => idsOf("r")).toEqual([[1], [1]]);
});

test("[W3] a room that fails holds up no other", async () => {
  const { send, create, answers, idsOf } = await withWebhook({ requests_at_once: 4 });
  await create("bad");
  answers(({ payload, response }) => response.writeHead(payload.room_id === "bad" ? 500 : 200).end());
  await send("bad");
  for (const n of [1, 2, 3]) {
    await send("r");
    await expect.poll(() => idsOf("r").length).toBe(n);
  }
  expect(idsOf("bad").length).toBe(1);
});

test("[W3] a receiver that takes nothing is asked one request at a time; when it works, all comes", async () => {
  const { send, create, answers, told, clock, idsOf, list } = await withWebhook({ requests_at_once: 2 });
  const rooms = Array.from({ length: 12 }, (_, n) => `room ${n}`);
  for (const room_id of rooms) await create(room_id);
  answers(503);
  for (const room_id of rooms) await send(room_id);
  await until(list, ([hook]) => (hook?.failures ?? 0) >= 2, clock);
  for (let n = 0; n < 8; n++) {
    await quiet(list);
    const before = told.length;
    clock.advance(1000);
    await quiet(list);
    expect(told.length - before).toBeLessThanOrEqual(1);
  }
  expect(told.length).toBeLessThan(rooms.length);
  answers(200);
  clock.advance(16_000);
  await expect.poll(() => rooms.filter((room_id) => idsOf(room_id).length > 0)).toEqual(rooms);
});

test("[W6] what fails for too long becomes a dead letter; what is younger goes on", async () => {
  const { send, answers, clock, letters, idsOf, list } = await withWebhook({ max_age_seconds: 60 });
  answers(({ payload, response }) =>
    response.writeHead(payload.messages.some(({ n }: { n: number }) => n === 2) ? 500 : 200).end(),
  );
  await send("r", 3);
  for (let i = 1; i <= 5; i++) {
    await haveFailed(i, list);
    clock.advance(16_000);
  }
  await send("r");
  const [letter, ...others] = await until(letters, (all) => all.length > 0, clock);
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ letter: 1, webhook: "hook", room_id: "r", error: "answered 500" });
  await expect.poll(() => idsOf("r").at(-1)).toContain(4);
  expect(await list()).toMatchObject([{ dead_letters: 1, rooms_behind: 0 }]);
});

test("[W6] a message that no receiver takes is given up alone", async () => {
  const { send, answers, clock, letters, idsOf } = await withWebhook({ max_age_seconds: 1, max_messages: 4 });
  const isBad = ({ payload }: Told) => payload.messages.some(({ n }: { n: number }) => n === 3);
  answers((one) => one.response.writeHead(isBad(one) ? 500 : 200).end());
  await send("r", 6);
  const [letter] = await until(letters, (all) => all.length > 0, clock);
  expect(letter).toMatchObject({ from_id: 3, to_id: 3 });
  await until(
    async () => idsOf("r"),
    (ids) => ids.some((one) => one.includes(6)),
    clock,
  );
});

test("[W6] 410 gives up at once; what follows is told as ever, and letters that follow are one", async () => {
  const { send, answers, letters, idsOf, clock, start, server } = await withWebhook();
  answers(410);
  await send("r");
  await expect
    .poll(letters)
    .toMatchObject([{ from_id: 1, to_id: 1, error: "answered 410", at: clock.wall() }]);
  await send("r");
  await expect.poll(letters).toMatchObject([{ letter: 1, from_id: 1, to_id: 2 }]);
  answers(200);
  await send("r");
  await expect.poll(() => idsOf("r")).toEqual([[1], [2], [3]]);
  await server.close();
  expect(await (await start({})).letters()).toMatchObject([{ letter: 1, from_id: 1, to_id: 2 }]);
});

test("[W6] the end of a life that cannot be told is a letter by itself", async () => {
  const { send, destroy, answers, letters, retry, told } = await withWebhook();
  answers(410);
  await send("r");
  await expect.poll(letters).toHaveLength(1);
  await destroy("r");
  await expect.poll(letters).toMatchObject([
    { letter: 2, from_id: 2, to_id: 1 },
    { letter: 1, from_id: 1, to_id: 1 },
  ]);
  answers(200);
  expect(await retry(2)).toEqual({ delivered: true });
  expect(told.at(-1)?.payload).toMatchObject({ letter: 2, messages: [], destroyed: true });
  await expect.poll(letters).toHaveLength(1);
});

test("[W7] a dead letter is sent again, in as many requests as it needs", async () => {
  const { send, answers, letters, retry, told } = await withWebhook({ max_messages: 2 });
  answers(410);
  await send("r", 5);
  await expect.poll(letters).toMatchObject([{ from_id: 1, to_id: 5 }]);
  expect(await retry(1)).toEqual({ delivered: false, error: "answered 410" });
  told.length = 0;
  let left = 2;
  answers(({ response }) => response.writeHead(left-- > 0 ? 200 : 500).end());
  expect(await retry(1)).toEqual({ delivered: false, error: "answered 500" });
  expect(await letters()).toMatchObject([{ from_id: 5, to_id: 5 }]);
  answers(200);
  expect(await retry(1)).toEqual({ delivered: true });
  expect(told.map(({ payload }) => [payload.letter, payload.messages.length])).toEqual([
    [1, 2],
    [1, 2],
    [1, 1],
    [1, 1],
  ]);
  expect(await letters()).toEqual([]);
  await expect(retry(1)).rejects.toMatchObject({
    code: 100044,
    data: { field: "letter", reason: "there is no such dead letter" },
  });
});

test("[W7] of a dead letter whose messages are gone the ids are told", async () => {
  const { send, purge, answers, letters, retry, told } = await withWebhook();
  answers(410);
  await send("r", 3);
  await expect.poll(letters).toMatchObject([{ to_id: 3 }]);
  await purge("r", 3);
  answers(200);
  expect(await retry(1)).toEqual({ delivered: true });
  expect(told.at(-1)?.payload).toMatchObject({ dropped: { from: 1, to: 2 }, messages: [{ msg_id: 3 }] });
});

test("[W7] dead letters come in pages, of one webhook or of all", async () => {
  const { send, create, answers, letters, reload } = await withWebhook();
  await reload({}, { name: "second" });
  answers(410);
  for (const room_id of ["a", "b"]) {
    await create(room_id);
    await send(room_id);
    await expect
      .poll(async () => (await letters({ webhook: "hook" })).map((one) => one.room_id))
      .toContain(room_id);
    await expect
      .poll(async () => (await letters({ webhook: "second" })).map((one) => one.room_id))
      .toContain(room_id);
  }
  const all = await letters();
  expect(all.map(({ letter }) => letter)).toEqual([4, 3, 2, 1]);
  expect(await letters({ limit: 2 })).toEqual(all.slice(0, 2));
  expect(await letters({ before: 3 })).toEqual(all.slice(2));
  expect((await letters({ webhook: "second" })).map(({ room_id }) => room_id)).toEqual(["b", "a"]);
});

test("[W3, W6] the log says that a webhook fails, seldom, and never the secret or a message", async () => {
  const lines: string[] = [];
  const line = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }));
  const logger = { debug() {}, info: line, warn: line, error: line };
  const { root, answers, clock, list } = await withWebhook({}, { parts: { logger } });
  answers(500);
  await root.call("media/room/msglog_send", { room_id: "r", msg: { text: "a private word" } });
  for (let i = 1; i <= 6; i++) {
    await haveFailed(i, list);
    clock.advance(64_000);
  }
  const said = lines.filter((text) => text.includes("a webhook failed"));
  expect(said.length).toBeGreaterThan(1);
  expect(said.length).toBeLessThan(7);
  expect(said[0]).toContain('"room_id":"r"');
  expect(lines.join("\n")).not.toMatch(new RegExp(`private word|${SECRET}`));
});

type Listed = CommandResult<"core/webhook/list">;

/** Resolves when so many requests in a row have failed: what failed rests from then on. */
async function haveFailed(count: number, list: () => Promise<Listed>): Promise<void> {
  await expect.poll(async () => (await list())[0]?.failures).toBe(count);
}

/** What `look` gives once it is as it should be; time passes meanwhile. */
async function until<T>(look: () => Promise<T>, fits: (seen: T) => boolean, clock: ManualClock): Promise<T> {
  let seen = await look();
  const isThere = async () => {
    clock.advance(1000);
    seen = await look();
    return fits(seen);
  };
  await expect.poll(isThere, { timeout: 10_000, interval: 10 }).toBe(true);
  return seen;
}

/** Lets everything happen that does not wait for the clock. */
async function quiet(list: () => Promise<Listed>): Promise<void> {
  for (let n = 0; n < 5; n++) await list();
}
