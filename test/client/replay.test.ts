import type { Message, Replay, Room } from "@roomlog/client";
import { expect, onTestFinished, test } from "vitest";
import { all, becomes, clientFor, ids, range } from "../support/client.ts";
import { at, recorded, T0 } from "../support/replaying.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { Way } from "../support/way.ts";

/** A server on a log whose messages were sent `seconds` after the first, behind a way that can be cut, and a client in its room. */
async function joined(seconds: readonly number[]) {
  const data = dataDirectory();
  const { server } = await recorded(seconds, { data, store: { kind: "sqlite" } });
  await server.close();
  const { url } = await serverForTest({ data });
  const way = await Way.listen(url);
  onTestFinished(() => way.close());
  const client = await clientFor(way.url, { user: "carl" });
  const room = await client.join("r");
  return { client, room, way, url };
}

const allOf = (replay: Replay) => all(replay[Symbol.asyncIterator]());

/** Its messages as they come. */
function following(replay: Replay) {
  const got: number[] = [];
  const done = (async () => {
    for await (const { msg_id } of replay) got.push(msg_id);
  })();
  return { got, done };
}

/** Those who listen to what is new, and what they heard. */
function listening(room: Room) {
  const heard: number[] = [];
  room.on("msglog_new_msg", ({ msg_id }) => heard.push(msg_id));
  return heard;
}

test("[M26] a replay gives the messages in their rhythm, and nothing of it is new to the room", async () => {
  const { room } = await joined([0, 1, 2, 3]);
  const heard = listening(room);
  const tail = room.messages();
  const replay = room.replay({ rate: 16 });
  const began = performance.now();
  const messages = await allOf(replay);
  expect(performance.now() - began).toBeGreaterThan(3000 / 16 - 10);
  expect(ids(messages)).toEqual([1, 2, 3, 4]);
  expect(messages[0]).toMatchObject({ msg: { n: 1 }, timestamp: T0, log: { replay: expect.any(Number) } });
  expect([heard, room.last_id]).toEqual([[], 4]);
  await room.send({ n: 5 });
  expect((await tail.next()).value).toMatchObject({ msg_id: 5, msg: { n: 5 } });
  await expect.poll(() => heard).toEqual([5]);
});

test("[M26] two at once, of parts of the log", async () => {
  const { room } = await joined([0, 1, 2, 3]);
  const [one, other] = await Promise.all([
    allOf(room.replay({ rate: 16, until: at(2) })),
    allOf(room.replay({ rate: 8, from_time: at(1), where: { "/n": { gt: 2 } } })),
  ]);
  expect([ids(one), ids(other)]).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("[M26] paused it gives nothing; resumed it goes on where it was, with what has the same time", async () => {
  const { room } = await joined([0, 0, 0, 1, 1, 4]);
  const replay = room.replay({ rate: 16 });
  const taken: number[] = [];
  for await (const { msg_id } of replay) {
    taken.push(msg_id);
    if (msg_id !== 2) continue;
    replay.pause();
    const time = replay.time as number;
    await room.send({});
    expect([replay.paused, replay.time]).toEqual([true, time]);
    setImmediate(() => replay.resume());
  }
  expect(replay.paused).toBe(false);
  expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
});

test("[M26] it can begin paused, and another rate holds from then on", async () => {
  const { room } = await joined([0, 1, 60]);
  const replay = room.replay({ paused: true, rate: 0.25 });
  const { got, done } = following(replay);
  await room.send({});
  expect([got, replay.time, replay.rate]).toEqual([[], undefined, 0.25]);
  replay.resume();
  await expect.poll(() => got).toEqual([1]);
  expect(replay.time).toBeLessThan(at(1));
  replay.rate = 16;
  await expect.poll(() => got).toEqual([1, 2]);
  replay.stop();
  await done;
  expect(got).toEqual([1, 2]);
});

test("[M26] seek, forwards and back", async () => {
  const { room } = await joined([0, 1, 100, 101]);
  const replay = room.replay({ rate: 16 });
  const { got, done } = following(replay);
  await expect.poll(() => got).toEqual([1, 2]);
  replay.seek(at(0.5));
  await expect.poll(() => got).toEqual([1, 2, 2]);
  replay.seek(at(100));
  await done;
  expect(got).toEqual([1, 2, 2, 3, 4]);
});

test("[M26] a lost connection costs nothing: neither holes nor repeats", async () => {
  const { client, room, way, url } = await joined(Array.from({ length: 40 }, (_, i) => i * 0.5));
  const { got, done } = following(room.replay({ rate: 16 }));
  for (const count of [5, 12, 25]) {
    await expect.poll(() => got.length, { interval: 5 }).toBeGreaterThan(count);
    way.target = undefined;
    way.cut();
    await becomes(client, "waiting");
    way.target = url;
    await becomes(client, "open");
  }
  await done;
  expect(got).toEqual(range(1, 40));
});

test("[M26] it is stopped, paused and resumed at once, also while nothing answers", async () => {
  const { client, room, way, url } = await joined([0, 1, 100]);
  const [first, second, third] = [room.replay(), room.replay(), room.replay()];
  const [one, other, last] = [following(first), following(second), following(third)];
  await expect.poll(() => [one.got, other.got, last.got]).toEqual([[1], [1], [1]]);
  way.mute();
  first.seek(at(50));
  first.stop();
  await one.done;
  way.target = undefined;
  way.cut();
  await becomes(client, "waiting");
  second.stop();
  await other.done;
  third.pause();
  third.seek(at(99.9));
  third.resume();
  expect(client.state.kind).not.toBe("open");
  way.target = url;
  await last.done;
  expect([one.got, other.got, last.got]).toEqual([[1], [1], [1, 3]]);
});

test("[M26] who is slow to take them gets all", async () => {
  const { url } = await serverForTest();
  const room = await (await clientFor(url)).join("r", { create: { class: "chat" } });
  for (let n = 0; n < 3; n++) await Promise.all(range(1, 500).map((n) => room.send({ n })));
  const replay = room.replay({ rate: 16 })[Symbol.asyncIterator]();
  const first = await replay.next();
  // All others have come when those of another one have, and more than wait for it.
  await allOf(room.replay({ rate: 16 }));
  const rest = await all(replay);
  expect(ids([first.value as Message, ...rest])).toEqual(range(1, 1500));
});

test("[M26] it ends with the room, with its signal, and tells of a refusal", async () => {
  const { room } = await joined([0, 1, 100]);
  const wrong = room.replay({ rate: 17 });
  await expect(allOf(wrong)).rejects.toMatchObject({ code: 100044 });
  const abort = new AbortController();
  const aborted = following(room.replay({ signal: abort.signal }));
  const left = following(room.replay());
  await expect.poll(() => [aborted.got, left.got]).toEqual([[1], [1]]);
  abort.abort(new Error("enough"));
  await expect(aborted.done).rejects.toThrow("enough");
  await room.leave();
  await left.done;
  expect(left.got).toEqual([1]);
});
