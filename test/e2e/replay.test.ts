import { expect, test } from "vitest";
import { inRoom, roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { at, got, recorded, replayCalls, T0 } from "../support/replaying.ts";

const eventsOfRoom = (client: RawClient) =>
  client.texts
    .map((text) => JSON.parse(text))
    .filter(({ cmd, data }) => cmd === "event" && data.obj_id === "r");

test.for([0.25, 1, 2, 16])("[M26] messages come in their rhythm, %d times as fast", async (rate) => {
  const { play, pass, bob } = await recorded([0, 2, 6, 6, 20]);
  const { data } = await play({ rate });
  expect(data).toMatchObject({ from_time: T0, time: T0, until: at(20) + 1, rate, paused: false });
  const ms = (seconds: number) => (seconds * 1000) / rate;
  await pass(0);
  expect(got(bob)).toEqual([1]);
  await pass(ms(2) - 1);
  expect(got(bob)).toEqual([1]);
  await pass(1);
  expect(got(bob)).toEqual([1, 2]);
  await pass(ms(4) - 1);
  expect(got(bob)).toEqual([1, 2]);
  await pass(1);
  expect(got(bob)).toEqual([1, 2, 3, 4]);
  await pass(ms(14) - 1);
  expect(got(bob)).toEqual([1, 2, 3, 4]);
  await pass(1);
  expect(got(bob)).toEqual([1, 2, 3, 4, 5, "done"]);
});

test("[M26, M5] they are events like new ones, with the replay in $log; the answer comes before the first", async () => {
  const { play, pass, bob, get } = await recorded([0, 1]);
  const { data } = await play();
  await pass(1000);
  const stored = (await get()).data;
  const events = eventsOfRoom(bob);
  expect(events.map(({ data: event }) => event)).toEqual([
    ...stored.map((message: object) => ({
      class: "media",
      subclass: "room",
      type: "msglog_new_msg",
      obj_id: "r",
      body: { ...message, $log: { replay: data.replay } },
    })),
    {
      class: "media",
      subclass: "room",
      type: "msglog_replay_ended",
      obj_id: "r",
      body: { replay: data.replay, reason: "done" },
    },
  ]);
  const kinds = bob.texts.map((text) => JSON.parse(text));
  const answer = kinds.findIndex((frame) => frame.data?.replay === data.replay);
  expect(answer).toBeLessThan(kinds.findIndex(({ cmd }) => cmd === "event"));
});

test("[M26] from_time and until say which part; time, where in it the clock begins", async () => {
  const { play, pass, bob } = await recorded([0, 1, 2, 5, 8, 9]);
  await play({ from_time: at(1), until: at(9), time: at(5) - 1000 });
  await pass(0);
  expect(got(bob)).toEqual([2, 3]);
  await pass(1);
  expect(got(bob)).toEqual([2, 3, 4]);
  await pass(3000);
  expect(got(bob)).toEqual([2, 3, 4, 5, "done"]);
});

test("[M26] after: only messages behind it; a seek goes anywhere", async () => {
  const { play, set, pass, bob } = await recorded([0, 1, 1, 2]);
  const { replay } = (await play({ after: 2, time: at(1) })).data;
  await pass(0);
  expect(got(bob)).toEqual([3]);
  await set(replay, { time: at(1) });
  await pass(1000);
  expect(got(bob)).toEqual([3, 2, 3, 4, "done"]);
});

test("[M26] what the log has when it begins is replayed, and nothing that comes later", async () => {
  const { play, pass, bob, send } = await recorded([0, 1]);
  await play({ until: at(1000) });
  await send({ n: 3 });
  await pass(100_000);
  expect(got(bob)).toEqual([1, 2, "done"]);
});

test("[M26] only the connection that asks gets it, and its subscriptions get what is new beside it", async () => {
  const { url, play, pass, bob, client, send } = await recorded([0, 1]);
  client.answering();
  const other = (await RawClient.login(url, "bob", "b2")).answering();
  for (const one of [client, other, bob]) await roomCalls(one).subscribe();
  await play();
  await send({ n: 3 });
  await pass(1000);
  for (const one of [client, other]) {
    await one.settled();
    expect(eventsOfRoom(one).map(({ data }) => data.body.msg_id)).toEqual([3]);
  }
  expect(got(bob)).toEqual([1, 2, "done"]);
  const live = eventsOfRoom(bob).filter(({ data }) => data.body.msg_id === 3);
  expect(live.map(({ data }) => data.body.$log)).toEqual([undefined]);
});

test("[M26] while it is paused nothing comes; it goes on where it was", async () => {
  const { play, set, pass, bob } = await recorded([0, 2, 4]);
  const { replay } = (await play()).data;
  await pass(1000);
  expect((await set(replay, { paused: true })).data).toEqual({ time: at(1), rate: 1, paused: true });
  await pass(60_000);
  expect(got(bob)).toEqual([1]);
  expect((await set(replay, { paused: false })).data).toEqual({ time: at(1), rate: 1, paused: false });
  await pass(999);
  expect(got(bob)).toEqual([1]);
  await pass(1);
  expect(got(bob)).toEqual([1, 2]);
  await pass(2000);
  expect(got(bob)).toEqual([1, 2, 3, "done"]);
});

test("[M26] it can begin paused", async () => {
  const { play, set, pass, bob } = await recorded([0, 2]);
  const { replay, paused } = (await play({ paused: true })).data;
  await pass(10_000);
  expect([paused, got(bob)]).toEqual([true, []]);
  await set(replay, { paused: false });
  await pass(2000);
  expect(got(bob)).toEqual([1, 2, "done"]);
});

test("[M26] another rate holds from then on", async () => {
  const { play, set, pass, bob } = await recorded([0, 2, 10]);
  const { replay } = (await play()).data;
  await pass(1000);
  expect((await set(replay, { rate: 4 })).data).toEqual({ time: at(1), rate: 4, paused: false });
  await pass(249);
  expect(got(bob)).toEqual([1]);
  await pass(1);
  expect(got(bob)).toEqual([1, 2]);
  await set(replay, { rate: 16 });
  await pass(500);
  expect(got(bob)).toEqual([1, 2, 3, "done"]);
});

test("[M26] seek, forwards and back; the answer comes before what is there", async () => {
  const { play, set, pass, bob } = await recorded([0, 1, 2, 3, 4, 50]);
  const { replay } = (await play()).data;
  await pass(1000);
  expect(got(bob)).toEqual([1, 2]);
  expect((await set(replay, { time: at(3) })).data).toEqual({ time: at(3), rate: 1, paused: false });
  await pass(0);
  expect(got(bob)).toEqual([1, 2, 4]);
  await set(replay, { time: at(1) + 1 });
  await pass(999);
  expect(got(bob)).toEqual([1, 2, 4]);
  await pass(2000);
  expect(got(bob)).toEqual([1, 2, 4, 3, 4]);
  const answers = bob.texts.map((text) => JSON.parse(text));
  const seek = answers.findIndex(({ data }) => data?.time === at(3));
  const there = answers.findIndex(({ data }) => data?.body?.msg_id === 4);
  expect(seek).toBeLessThan(there);
});

test("[M26] who is paused can seek behind the end and come back; running, it ends there", async () => {
  const { play, set, pass, bob } = await recorded([0, 1, 2]);
  const { replay } = (await play({ paused: true })).data;
  await set(replay, { time: at(100) });
  await set(replay, { time: at(2) });
  await pass(0);
  expect(got(bob)).toEqual([]);
  await set(replay, { paused: false });
  await pass(0);
  expect(got(bob)).toEqual([3, "done"]);
  const again = (await play()).data.replay;
  await set(again, { time: at(100) });
  await pass(0);
  expect(got(bob, again)).toEqual([1, "done"]);
});

test("[M26] nothing comes after the answer to a stop; to stop twice is ok, to set it is not", async () => {
  const { play, set, stop, pass, bob } = await recorded([0, 1, 2]);
  const { replay } = (await play()).data;
  await pass(1000);
  expect(await stop(replay)).toMatchObject({ result: "ok" });
  await pass(10_000);
  expect(got(bob)).toEqual([1, 2]);
  expect(await stop(replay)).toMatchObject({ result: "ok" });
  expect((await set(replay, { rate: 2 })).data).toMatchObject({ code: 100044, field: "replay" });
});

test("[M26] a replay is its connection's: nobody else sets or stops it", async () => {
  const { url, play, pass, bob } = await recorded([0, 1]);
  const { replay } = (await play()).data;
  const other = replayCalls(await RawClient.login(url, "bob", "b2"));
  expect((await other.set(replay, { paused: true })).data).toMatchObject({ code: 100044, field: "replay" });
  await other.stop(replay);
  await pass(1000);
  expect(got(bob)).toEqual([1, 2, "done"]);
});

test("[M26] two at once, each in its own rhythm", async () => {
  const { play, pass, bob } = await recorded([0, 1, 4]);
  const one = (await play()).data.replay;
  const two = (await play({ from_time: at(1), rate: 2 })).data.replay;
  await pass(1000);
  expect([got(bob, one), got(bob, two)]).toEqual([[1, 2], [2]]);
  await pass(500);
  expect([got(bob, one), got(bob, two)]).toEqual([
    [1, 2],
    [2, 3, "done"],
  ]);
  await pass(2500);
  expect(got(bob, one)).toEqual([1, 2, 3, "done"]);
});

test("[M26, Q1] at most msglog.max_replays of a session; one that has ended does not count", async () => {
  const { play, stop } = await recorded([0, 1], { services: { main: { msglog: { max_replays: 2 } } } });
  const { replay } = (await play()).data;
  await play();
  expect((await play()).data).toEqual({ code: 100050, error: "Too many requests", limit: 2 });
  await stop(replay);
  expect(await play()).toMatchObject({ result: "ok" });
});

test.for([0.2, 17, "1", null])("[M26] a rate of %j is refused", async (rate) => {
  const { play, set } = await recorded([0, 1]);
  expect((await play({ rate })).data).toMatchObject({ code: 100044, field: "rate" });
  const { replay } = (await play()).data;
  expect((await set(replay, { rate })).data).toMatchObject({ code: 100044, field: "rate" });
});

test("[M26] an empty log, and an empty part, end at once", async () => {
  const { play, pass, bob } = await recorded([]);
  const { data } = await play();
  expect(data.until).toBe(data.from_time);
  await pass(0);
  expect(got(bob)).toEqual(["done"]);
});

test("[M26] a room that is not there, a life that never was", async () => {
  const { bob, play } = await recorded([0]);
  const answer = await bob.call("media/room/msglog_replay", { room_id: "nowhere" });
  expect(answer.data).toMatchObject({ code: 304001 });
  expect((await play({ epoch: "none" })).data).toMatchObject({ code: 304106 });
});

test("[M26] more messages than are looked ahead for, from a file, all due at once", async () => {
  const { url, sendMany } = await inRoom();
  await sendMany(600);
  const bob = (await RawClient.login(url, "bob", "b1")).answering();
  await replayCalls(bob).play({ time: Date.now() * 1000 + 60_000_000 });
  await expect.poll(() => got(bob).at(-1), { timeout: 10_000 }).toBe("done");
  expect(got(bob)).toEqual([...Array.from({ length: 600 }, (_, i) => i + 1), "done"]);
});
