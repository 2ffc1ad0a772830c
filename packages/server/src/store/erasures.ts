import type { Entry } from "./entries.ts";
import type { Erase, ErasePlace } from "./store.ts";

/** What drivers have in common where they erase (M21). */

/** What is left of a body. */
export const ERASED_BODY = "{}";

/** Text after which a slice ends, so that none takes long however large the messages are; UTF-8 bytes. */
const SLICE_BYTES = 1_048_576;

/** An entry as far as erasure looks at it. */
export interface Writing extends Pick<Entry, "msg_id" | "user_id" | "op" | "ref" | "changed_by" | "erased"> {
  /** UTF-8 bytes of its body. */
  readonly bytes: number;
}

export interface Found {
  /** Entries that are not erased yet. */
  readonly entries: readonly Writing[];
  /** UTF-8 bytes that go with their bodies. */
  readonly bytes: number;
  readonly next: ErasePlace | undefined;
}

/** Where a user's words are. */
interface Words {
  /** His own entries, ascending from `from.msg_id`. */
  readonly own: Iterable<Writing>;
  /** What others did to a message of his: edits and deletions, ascending from behind `after`. */
  readonly changesOf: (msg_id: number, after: number, limit: number) => readonly Writing[];
}

/** A slice of what is to be erased of a log: it looks at `most` entries, or at fewer when they are large. */
export function sliceToErase({ own, changesOf }: Words, { from, most }: Pick<Erase, "from" | "most">): Found {
  const entries: Writing[] = [];
  let [looked, bytes] = [0, 0];
  const see = (found: readonly Writing[]) => {
    looked += found.length;
    for (const entry of found.filter(({ erased }) => erased === null)) {
      entries.push(entry);
      bytes += entry.bytes - ERASED_BODY.length;
    }
  };
  for (const entry of own) {
    const { msg_id, op, changed_by } = entry;
    if (looked >= most || bytes >= SLICE_BYTES) return { entries, bytes, next: { msg_id, change: 0 } };
    const behind = msg_id === from.msg_id ? from.change : 0;
    if (behind === 0) see([entry]);
    if (op !== null || changed_by === null) continue;
    const limit = Math.max(most - looked, 1);
    const changes = changesOf(msg_id, behind, limit);
    see(changes);
    const last = changes[limit - 1];
    if (last) return { entries, bytes, next: { msg_id, change: last.msg_id } };
  }
  return { entries, bytes, next: undefined };
}

/** The ids of all entries that read differently then: those erased, and what they had changed. */
export function changedIds(entries: readonly Writing[]): number[] {
  const ids = entries.flatMap(({ msg_id, op, ref }) =>
    op === null || ref === null ? msg_id : [msg_id, ref],
  );
  return [...new Set(ids)].sort((a, b) => a - b);
}
