import type { Retention } from "@roomlog/protocol";
import type { Bounds, Trim, Trimmed } from "./store.ts";

/** Text after which a slice of a trim ends, so that none takes long however large the messages are; UTF-8 bytes. */
const SLICE_BYTES = 1_048_576;

/** A log as far as retention looks at it. */
export interface LogState {
  readonly first_id: number;
  readonly last_id: number;
  /** UTF-8 bytes of the text of what is kept. */
  readonly bytes: number;
  /** The room's own. */
  readonly retention: Retention | undefined;
  /** µs since 1970; absent while the room lives. */
  readonly destroyed_at?: number | undefined;
  /** Whether it can be read: false when the room was destroyed without keeping its log. */
  readonly kept: boolean;
}

/** A message as far as retention looks at it. */
export interface Measured {
  readonly timestmap: number;
  /** UTF-8 bytes of its text. */
  readonly bytes: number;
}

/** What is left of a log. */
type Left = Pick<LogState, "first_id" | "last_id" | "bytes">;

/** A `trim`, or what one would do. */
type Order = Pick<Trim, "before" | "bounds" | "most">;

/**
 * The slice that goes from the low end of a log, and whether more has to go then. `oldest` are the log's messages,
 * ascending from its `first_id`; no more of them are taken than go, and one.
 */
export function sliceOf(log: LogState, order: Order, oldest: Iterable<Measured>): Trimmed {
  const goes = rule(log, order);
  let { first_id, bytes } = log;
  const sum = (more: boolean): Trimmed => ({
    first_id,
    messages: first_id - log.first_id,
    bytes: log.bytes - bytes,
    more,
  });
  for (const message of oldest) {
    if (!goes(message, { first_id, last_id: log.last_id, bytes })) return sum(false);
    if (first_id - log.first_id >= order.most || log.bytes - bytes >= SLICE_BYTES) return sum(true);
    first_id += 1;
    bytes -= message.bytes;
  }
  return sum(false);
}

/** Whether the oldest message that is left has to go. When it stays, so do all that follow. */
function rule(log: LogState, { before, bounds }: Order): (oldest: Measured, left: Left) => boolean {
  if (before !== undefined) return (_, { first_id }) => first_id < before;
  if (!log.kept) return () => true;
  const { max_age, max_messages, max_bytes } = stricter(bounds.retention, log.retention);
  const oldestTime = bounds.now - max_age * 1e6;
  return ({ timestmap }, { first_id, last_id, bytes }) =>
    timestmap < oldestTime || last_id - first_id + 1 > max_messages || bytes > max_bytes;
}

/** Whether nothing of an ended life is to be remembered: its log is empty, and not kept or over its age. */
export function isForgotten(log: LogState, { before, bounds }: Pick<Order, "before" | "bounds">): boolean {
  if (log.destroyed_at === undefined || log.first_id <= log.last_id) return false;
  if (!log.kept) return true;
  const { max_age } = stricter(bounds.retention, log.retention);
  return before === undefined && log.destroyed_at < bounds.now - max_age * 1e6;
}

/** Whether the name of a send can be forgotten (M9). */
export function isStale(
  name: { readonly msg_id: number; readonly timestmap: number },
  log: LogState,
  { names_before }: Bounds,
): boolean {
  if (log.destroyed_at !== undefined) return true;
  return name.msg_id < log.first_id && name.timestmap < names_before;
}

/** Of each bound the smaller one; Infinity without any. */
function stricter(service: Retention, own: Retention = {}): Record<keyof Retention, number> {
  const least = (name: keyof Retention) =>
    Math.min(service[name] ?? Number.POSITIVE_INFINITY, own[name] ?? Number.POSITIVE_INFINITY);
  return {
    max_age: least("max_age"),
    max_messages: least("max_messages"),
    max_bytes: least("max_bytes"),
  };
}
