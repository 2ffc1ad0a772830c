import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { at, got, recorded, replayCalls, T0 } from "../support/replaying.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;
const DELETE = { services: { main: { msglog: { on_destroy: "delete" } } } } as const;

/** Carl, who answers only when told to. */
async function slow(url: string) {
  const carl = await RawClient.login(url, "carl", "c1");
  let answered = 0;
  const answer = (count: number) => {
    const events = carl.texts.map((text) => JSON.parse(text)).filter(({ cmd }) => cmd === "event");
    const next = events.slice(answered, answered + count);
    for (const { tid } of next) carl.send({ result: "ok", tid });
    answered += next.length;
    return carl.settled();
  };
  return { carl, answer, ...replayCalls(carl) };
}

test("[M26, M12] an ended life, by its epoch, and as the last one", async () => {
  const { play, pass, bob, info, reborn, send } = await recorded([0, 1]);
  const { epoch } = await info();
  await reborn();
  await send({ life: 2 });
  const { data } = await play({ epoch });
  expect(data).toMatchObject({ epoch, from_time: T0, until: at(1) + 1 });
  await pass(1000);
  expect(got(bob)).toEqual([1, 2, "done"]);
  expect((await play({ epoch: "last" })).data.epoch).toBe(epoch);
});

test("[M26, M12] it goes on when the room ends meanwhile, and the next life is not mixed in", async () => {
  const { play, pass, bob, reborn, send } = await recorded([0, 1, 2]);
  await play();
  await pass(1000);
  await reborn();
  await send({ life: 2 });
  await pass(1000);
  expect(got(bob)).toEqual([1, 2, 3, "done"]);
});

test("[M26, M12] a log that goes with its room ends it", async () => {
  const { play, pass, bob, client } = await recorded([0, 1, 2, 3], { ...memory, ...DELETE });
  await play();
  await pass(1000);
  await client.call("media/room/destroy", { room_id: "r" });
  await pass(1000);
  expect(got(bob)).toEqual([1, 2, "not_kept"]);
});

test("[M26, M13] what retention drops meanwhile is passed over", async () => {
  const { play, pass, bob, purge } = await recorded([0, 1, 2, 3]);
  await play();
  await pass(0);
  await purge({ before: 4 });
  await pass(3000);
  expect(got(bob)).toEqual([1, 4, "done"]);
});

test.for([memory, {}])(
  "[M26, M11] who is slow gets it later, all and in order, then the end, %j",
  async (store) => {
    const { url, clock, bob, send } = await recorded([0, 1, 2, 3, 4], { ...store, limits: { window: 2 } });
    const { carl, answer, play } = await slow(url);
    await roomCalls(carl).subscribe();
    await play();
    clock.advance(4000);
    await expect.poll(() => got(carl)).toEqual([1, 2]);
    await bob.settled();
    await answer(1);
    await expect.poll(() => got(carl)).toEqual([1, 2, 3]);
    await send({ n: 6 });
    for (let n = 4; n <= 8; n++) {
      await answer(1);
      await expect
        .poll(() => carl.texts.filter((text) => text.includes("event")).length)
        .toBe(Math.min(n, 7));
    }
    expect(got(carl)).toEqual([1, 2, 3, 4, 5, "done"]);
    expect(carl.texts.filter((text) => text.includes('"msg_id":6') && !text.includes("replay"))).toHaveLength(
      1,
    );
  },
);

test("[M26] pause and seek take back what waits for a slow client", async () => {
  const { url, clock } = await recorded([0, 1, 2, 3, 4], { ...memory, limits: { window: 1 } });
  const { carl, answer, play, set, stop } = await slow(url);
  const { replay } = (await play()).data;
  clock.advance(3000);
  await carl.settled();
  await set(replay, { paused: true });
  await answer(1);
  await answer(1);
  expect(got(carl)).toEqual([1]);
  await set(replay, { paused: false });
  await expect.poll(() => got(carl)).toEqual([1, 2]);
  await set(replay, { time: at(4) });
  await answer(1);
  await expect.poll(() => got(carl)).toEqual([1, 2, 5]);
  await stop(replay);
  await answer(2);
  expect(got(carl)).toEqual([1, 2, 5]);
});

test("[M26] a replay that has ended, and whose end still waits, is stopped as any other", async () => {
  const { url, clock } = await recorded([0, 1, 2], { ...memory, limits: { window: 1 } });
  const { carl, answer, play, stop } = await slow(url);
  const { replay } = (await play()).data;
  clock.advance(2000);
  await carl.settled();
  for (const count of [2, 3]) {
    await answer(1);
    await expect.poll(() => got(carl), { timeout: 10_000 }).toHaveLength(count);
  }
  await stop(replay);
  await answer(1);
  await answer(1);
  expect(got(carl)).toEqual([1, 2, 3]);
});

test("[M26] while what is due waits for a slow client it is paused and counted, and goes on, as any other", async () => {
  const services = { main: { msglog: { max_replays: 1 } } };
  const { url } = await recorded([0, 1, 2], { ...memory, limits: { window: 1 }, services });
  const { carl, answer, play, set } = await slow(url);
  const { replay } = (await play({ time: at(2) })).data;
  await expect.poll(() => got(carl)).toEqual([1]);
  expect((await play()).data).toMatchObject({ code: 100050 });
  expect((await set(replay, { paused: true })).data).toEqual({ time: at(2), rate: 1, paused: true });
  for (let n = 0; n < 3; n++) await answer(1);
  expect(got(carl)).toEqual([1]);
  await set(replay, { paused: false });
  for (const next of [2, 3, "done"]) {
    await expect.poll(() => got(carl).at(-1), { timeout: 10_000 }).toBe(next);
    await answer(1);
  }
  expect(got(carl)).toEqual([1, 2, 3, "done"]);
  expect((await play()).result).toBe("ok");
});

test("[M26, R9] of what is due nothing comes to who was kicked", async () => {
  const { url, client } = await recorded([0, 1, 2], { ...memory, limits: { window: 1 } });
  const { carl, answer, play } = await slow(url);
  await carl.call("media/room/join", { room_id: "r" });
  await answer(1);
  await play({ time: at(2) });
  await expect.poll(() => got(carl)).toEqual([1]);
  expect((await client.call("media/room/kick", { room_id: "r", user_id: "carl" })).result).toBe("ok");
  for (let n = 0; n < 6; n++) await answer(1);
  expect(got(carl)).toEqual([1, "not_allowed"]);
});

test("[M26, E9] what waits for a slow client that may not read it any more does not come, and the end says why", async () => {
  const { url, clock, client } = await recorded([0, 1, 2], { ...memory, limits: { window: 1 } });
  const { carl, answer, play } = await slow(url);
  await play();
  clock.advance(2000);
  await carl.settled();
  await client.call("media/room/ban", { room_id: "r", user_id: "carl" });
  await answer(1);
  await answer(1);
  expect(got(carl)).toEqual([1, "not_allowed"]);
});

test("[M26] it ends with its connection, and costs nothing then", async () => {
  const { url, clock, bob } = await recorded([0, 100], memory);
  const other = await RawClient.login(url, "carl", "c1");
  await replayCalls(other).play();
  const scrape = async () => {
    const page = await (await fetch(new URL("/metrics", url.replace("ws:", "http:")))).text();
    return /^roomlog_replays\{.*\} (\d+)$/m.exec(page)?.[1];
  };
  expect(await scrape()).toBe("1");
  await other.close();
  await expect.poll(scrape).toBe("0");
  clock.advance(100_000);
  await bob.settled();
});

test("[M26, T5] a server that stops sends nothing more; the next one begins anew", async () => {
  const data = dataDirectory();
  const clock = new ManualClock();
  const first = await serverForTest({ data }, { clock });
  const ann = await RawClient.login(first.url);
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const { send } = roomCalls(ann);
  await send({ n: 1 });
  clock.advance(2000);
  await send({ n: 2 });
  ann.answering();
  await replayCalls(ann).play();
  await expect.poll(() => got(ann)).toEqual([1]);
  await first.close();
  clock.advance(2000);
  expect(got(ann)).toEqual([1]);
  const second = await serverForTest({ data }, { clock });
  const bob = (await RawClient.login(second.url, "bob", "b1")).answering();
  await replayCalls(bob).play({ from_time: T0, time: at(1) });
  await expect.poll(() => got(bob)).toEqual([1]);
  await bob.settled();
  clock.advance(1000);
  await expect.poll(() => got(bob)).toEqual([1, 2, "done"]);
});

test("[M26, S4] a reload changes nothing for it", async () => {
  const { server, play, pass, bob } = await recorded([0, 1]);
  await play();
  await server.reload();
  await pass(1000);
  expect(got(bob)).toEqual([1, 2, "done"]);
});
