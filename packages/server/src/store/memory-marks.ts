import type { Entry } from "./entries.ts";
import { neighboursIn } from "./memory-changes.ts";
import {
  type Mark,
  type MarksQuery,
  MOST_MARKS,
  MOST_MENTIONS,
  type SetMark,
  type Standing,
  type Unread,
  type Written,
} from "./store.ts";

/** A life of a room as far as its readers go. */
export interface Readable {
  readonly room_id: string;
  readonly epoch: string;
  readonly log: readonly Entry[];
  readonly last_id: number;
  readonly standings: ReadonlyMap<string, Standing>;
  /** By user. */
  readonly marks: Map<string, number>;
}

/** How far users have read (M19), and what they have not (M20), in memory. */

export function setMark({ user_id, msg_id }: SetMark, { marks, last_id }: Readable): Written {
  if (msg_id > last_id) return { kind: "refused", reason: "message_not_found" };
  const mark = marks.get(user_id);
  if (mark === undefined && marks.size >= MOST_MARKS) return { kind: "refused", reason: "too_many_marks" };
  const moved = (mark ?? 0) < msg_id;
  if (moved) marks.set(user_id, msg_id);
  return { kind: "marked", moved };
}

/** A message is about to be stored. Who has read all before it has read it too. */
export function markSent(user_id: string, msg_id: number, { log, marks }: Readable): void {
  const mark = marks.get(user_id);
  if (mark !== undefined && messagesAfter(log, mark).length === 0) marks.set(user_id, msg_id);
}

export function marksOf(
  { marks }: Readable,
  { after = "", limit }: Pick<MarksQuery, "after" | "limit">,
): Mark[] {
  return Array.from(marks, ([user_id, msg_id]) => ({ user_id, msg_id }))
    .filter(({ user_id }) => byCodePoint(user_id, after) > 0)
    .sort((a, b) => byCodePoint(a.user_id, b.user_id))
    .slice(0, limit);
}

export function unreadIn(life: Readable, user_id: string, all: boolean): Unread {
  const { room_id, epoch, log, last_id, marks, standings } = life;
  const mark = marks.get(user_id) ?? 0;
  const since = all ? 1 : (standings.get(user_id)?.since_id ?? Number.POSITIVE_INFINITY);
  const messages = messagesAfter(log, Math.max(mark, since - 1));
  const { entry } = neighboursIn(log);
  const isMention = ({ mentions, changed_by, user_id: author }: Entry) =>
    author !== user_id &&
    (JSON.parse(mentions ?? "[]") as string[]).includes(user_id) &&
    (changed_by === null || entry(changed_by)?.op !== "delete");
  const mentions = Math.min(messages.filter(isMention).length, MOST_MENTIONS);
  return { room_id, epoch, unread: messages.length, mentions, mark, last_id };
}

function messagesAfter(log: readonly Entry[], after: number): Entry[] {
  return log.filter(({ msg_id, op }) => msg_id > after && op === null);
}

/** The order of SQLite's BINARY collation over UTF-8. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
