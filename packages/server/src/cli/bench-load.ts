import { randomUUID } from "node:crypto";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { CallError, ConnectionLost } from "@roomlog/client";
import type { EventData } from "@roomlog/protocol";
import { lost } from "./refusals.ts";
import { logIn, type Session } from "./session.ts";
import type { Target } from "./target.ts";

export interface Load {
  readonly target: Target;
  readonly senders: number;
  readonly rooms: number;
  readonly seconds: number;
  /** Of the text of a message, bytes. */
  readonly size: number;
  /** Unanswered sends of each sender. */
  readonly inFlight: number;
}

/** Milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Outcome {
  /** Answered with an id, so on disk. */
  readonly sent: number;
  /** Events that reached the listeners, of which each room has one. */
  readonly delivered: number;
  /** How long it took. */
  readonly seconds: number;
  readonly answer_ms: Times;
  /** From the send to the listener. */
  readonly delivery_ms: Times;
  /** Code → how often. */
  readonly errors: Readonly<Record<string, number>>;
}

/** The last events have this long to arrive, in milliseconds. */
const LAST_EVENTS_MS = 2000;

/** Who is refused without being told when to come again waits that long. */
const PAUSE_MS = 100;

/** What is counted while it runs. */
interface Counts {
  sent: number;
  delivered: number;
  readonly answers: RecordableHistogram;
  readonly deliveries: RecordableHistogram;
  readonly errors: Map<string, number>;
}

/** Makes rooms, sends to them until the time is over or `signal` says so, and takes them away again. */
export async function runLoad(load: Load, signal: AbortSignal): Promise<Outcome> {
  const counts: Counts = {
    sent: 0,
    delivered: 0,
    answers: createHistogram(),
    deliveries: createHistogram(),
    errors: new Map(),
  };
  const owner = await logIn(load.target);
  const run = randomUUID().slice(0, 8);
  const rooms = Array.from({ length: load.rooms }, (_, i) => `bench-${run}-${i + 1}`);
  const others: Session[] = [];
  try {
    for (const room_id of rooms) await owner.call("media/room/create", { room_id, class: "chat" });
    const { target } = owner;
    for (const room_id of rooms) others.push(await listener(target, room_id, counts));
    const senders: Session[] = [];
    for (let i = 0; i < load.senders; i++) senders.push(await logIn(target));
    others.push(...senders);
    const seconds = await sendUntilOver(load, senders, rooms, counts, signal);
    await lastEvents(counts);
    return outcomeOf(counts, seconds);
  } finally {
    await Promise.all(others.map(({ connection }) => connection.close()));
    await takeAway(owner, rooms);
  }
}

async function listener(target: Target, room_id: string, counts: Counts): Promise<Session> {
  const onEvent = ({ type, body }: EventData) => {
    if (type !== "msglog_new_msg") return;
    counts.delivered += 1;
    counts.deliveries.record(microsecondsSince((body as { readonly at: number }).at));
  };
  const session = await logIn(target, { onEvent });
  await session.call("media/room/msglog_subscribe", { room_id });
  return session;
}

/** Gives back how many seconds it took. */
async function sendUntilOver(
  { seconds, size, inFlight }: Load,
  senders: readonly Session[],
  rooms: readonly string[],
  counts: Counts,
  signal: AbortSignal,
): Promise<number> {
  const began = performance.now();
  const isOver = () => signal.aborted || performance.now() - began > seconds * 1000;
  const text = "x".repeat(size);
  const lanes = senders.flatMap((sender, i) => {
    const room_id = rooms[i % rooms.length] ?? "";
    return Array.from({ length: inFlight }, async () => {
      while (!isOver()) await sendOne(sender, room_id, text, counts);
    });
  });
  await Promise.all(lanes);
  return (performance.now() - began) / 1000;
}

async function sendOne(
  { connection }: Session,
  room_id: string,
  text: string,
  counts: Counts,
): Promise<void> {
  const at = performance.now();
  try {
    await connection.call("media/room/msglog_send", { room_id, msg: { text, at } });
    counts.answers.record(microsecondsSince(at));
    counts.sent += 1;
  } catch (error) {
    if (error instanceof ConnectionLost) throw lost(error);
    if (!(error instanceof CallError)) throw error;
    const { code, retry_after_ms = PAUSE_MS } = error.data;
    counts.errors.set(`${code}`, (counts.errors.get(`${code}`) ?? 0) + 1);
    await sleep(retry_after_ms);
  }
}

function microsecondsSince(at: number): number {
  return Math.max(1, Math.round((performance.now() - at) * 1000));
}

async function lastEvents(counts: Counts): Promise<void> {
  const began = performance.now();
  while (counts.delivered < counts.sent && performance.now() - began < LAST_EVENTS_MS) await sleep(10);
}

function outcomeOf({ sent, delivered, answers, deliveries, errors }: Counts, seconds: number): Outcome {
  return {
    sent,
    delivered,
    seconds: Number(seconds.toFixed(2)),
    answer_ms: timesOf(answers),
    delivery_ms: timesOf(deliveries),
    errors: Object.fromEntries(errors),
  };
}

function timesOf(histogram: RecordableHistogram): Times {
  if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
  const ms = (microseconds: number) => Number((microseconds / 1000).toFixed(2));
  return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) };
}

/** Ends the rooms, and drops their messages first where that is allowed, so that no archive of them stays. */
async function takeAway({ connection }: Session, rooms: readonly string[]): Promise<void> {
  try {
    for (const room_id of rooms) {
      const { last_id } = await connection.call("media/room/msglog_info", { room_id });
      await connection.call("media/room/msglog_purge", { room_id, before: last_id + 1 }).catch(() => {});
      await connection.call("media/room/destroy", { room_id });
    }
  } catch (error) {
    if (error instanceof ConnectionLost) throw lost(error);
    // A room that was not made, or that this user may not end, is told by its id.
    process.stderr.write(`roomlog: of ${rooms.join(", ")} some may be left: ${(error as Error).message}\n`);
  } finally {
    await connection.close();
  }
}
