import type { ErrorCode } from "@roomlog/protocol";
import type { RoomName } from "./steps.ts";
import { lifeOf, putLife, roomOf, type World } from "./world.ts";

/** What a request is answered; `ok` without `data` for an empty object (F2). */
export type Answer =
  | { readonly ok: unknown }
  /** `fault`: what an invalid message is told beside (M24). */
  | { readonly error: number; readonly fault?: object };

/** In an expected answer, the epoch of a life: whatever the first who is told of it sees, and the same from then on. */
export class EpochOf {
  readonly room: RoomName;
  readonly life: number;

  constructor(room: RoomName, life: number) {
    this.room = room;
    this.life = life;
  }
}

export const OK: Answer = { ok: undefined };

export function ok(data: unknown): Answer {
  return { ok: data };
}

export function refused(error: ErrorCode): Answer {
  return { error };
}

/** Whether `seen` is `expected`; an epoch that is seen for the first time is kept in the world. */
export function matches(world: World, expected: unknown, seen: unknown): boolean {
  if (expected instanceof EpochOf) return isEpoch(world, expected, seen);
  if (Array.isArray(expected)) {
    if (!Array.isArray(seen) || seen.length !== expected.length) return false;
    return expected.every((item, i) => matches(world, item, seen[i]));
  }
  if (!isObject(expected)) return Object.is(expected, seen);
  if (!isObject(seen) || Object.keys(seen).length !== Object.keys(expected).length) return false;
  return Object.entries(expected).every(([key, value]) => matches(world, value, seen[key]));
}

function isEpoch(world: World, { room, life: number }: EpochOf, seen: unknown): boolean {
  const life = lifeOf(world, room, number);
  if (life.epoch !== undefined) return seen === life.epoch;
  if (typeof seen !== "string" || isTaken(world, seen)) return false;
  putLife(world, room, { ...life, epoch: seen });
  return true;
}

function isTaken(world: World, epoch: string): boolean {
  return [...world.rooms.keys()].some((room) =>
    roomOf(world, room).lives.some((life) => life.epoch === epoch),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** An answer as text, for a failure. */
export function textOf(answer: Answer | undefined): string {
  return answer === undefined ? "no answer" : JSON.stringify(answer);
}
