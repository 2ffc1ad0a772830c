import { type Entry, MOST_REFS, type Neighbours } from "./entries.ts";
import type { MemoryDigests } from "./memory-digests.ts";
import { type Append, MOST_ID, type Refusal } from "./store.ts";

/** Entries that change or refer to others, in memory (M15, M16). */

/** Why an entry cannot be stored in this log. */
export function refusalOf(
  log: readonly Entry[],
  { ref, change, user_id }: Append,
  last_id: number,
): Refusal | undefined {
  if (last_id === MOST_ID) return "log_full";
  if (ref === undefined) return undefined;
  if (!change) return ref > last_id ? "message_not_found" : undefined;
  const target = find(log, ref);
  if (!target || target.op !== null || target.erased || isDeleted(log, target)) return "message_not_found";
  if (!change.any && target.user_id !== user_id) return "not_author";
  const { op, most_edits = Number.POSITIVE_INFINITY } = change;
  return op === "edit" && editsOf(log, ref).length >= most_edits ? "too_many_edits" : undefined;
}

/** Whether it changes a message of somebody else. */
export function isOfOthers(log: readonly Entry[], { ref, change, user_id }: Append): boolean {
  return change !== undefined && ref !== undefined && find(log, ref)?.user_id !== user_id;
}

/** Marks what an edit or a deletion changes: with a deletion the edits too. */
export function markChanged(log: Entry[], { msg_id, op, ref }: Pick<Entry, "msg_id" | "op" | "ref">): void {
  log.forEach((entry, i) => {
    const isEditOfIt = op === "delete" && entry.op === "edit" && entry.ref === ref;
    if (entry.msg_id === ref || isEditOfIt) log[i] = { ...entry, changed_by: msg_id };
  });
}

export function neighboursIn(log: readonly Entry[], digests?: MemoryDigests): Neighbours {
  return {
    entry: (msg_id) => find(log, msg_id),
    editsOf: (msg_id) => editsOf(log, msg_id),
    refsOf: (msg_id) =>
      log
        .filter((entry) => entry.op === null && entry.ref === msg_id && !isDeleted(log, entry))
        .slice(0, MOST_REFS).length,
    proofOf: (msg_id) => digests?.of(msg_id),
  };
}

function editsOf(log: readonly Entry[], msg_id: number): Entry[] {
  return log.filter(({ op, ref }) => op === "edit" && ref === msg_id);
}

function isDeleted(log: readonly Entry[], { changed_by }: Entry): boolean {
  return changed_by !== null && find(log, changed_by)?.op === "delete";
}

/** There are no holes between the ids of a log. */
function find(log: readonly Entry[], msg_id: number): Entry | undefined {
  return log[msg_id - (log[0]?.msg_id ?? 0)];
}
