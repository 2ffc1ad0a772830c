import type { Append, Write, Written } from "../store.ts";

/**
 * Batches as they cross the border between the threads. A structured clone of objects copies the name of each field of
 * each one; so appends and their outcomes, nearly all there is, go as flat lists, and what is the same as in the one
 * before is left out. Everything else goes as it is.
 */

/** In place of a value that is the same as in the one before. */
const SAME = null;

/** What few messages have. */
type Extra = Pick<Append, "ref" | "change" | "mentions" | "seal" | "prove">;
type Cell = string | number | undefined | typeof SAME;
type PackedWrite = Cell | Extra | Exclude<Write, Append>;
export type PackedWrites = readonly PackedWrite[];
export type PackedOutcomes = readonly (Cell | Written)[];

const APPEND_CELLS = 9;
const APPENDED_CELLS = 3;

export function packWrites(writes: readonly Write[]): PackedWrites {
  const packed: PackedWrite[] = [];
  let last: Partial<Append> = {};
  for (const write of writes) {
    if (write.kind !== "append") {
      packed.push(write);
      continue;
    }
    packed.push(
      write.service === last.service ? SAME : write.service,
      write.room_id === last.room_id ? SAME : write.room_id,
      write.epoch === last.epoch ? SAME : write.epoch,
      write.user_id === last.user_id ? SAME : write.user_id,
      write.session_id === last.session_id ? SAME : write.session_id,
      write.client_msg_id,
      write.timestmap,
      write.msg,
      extraOf(write),
    );
    last = write;
  }
  return packed;
}

function extraOf({ ref, change, mentions, seal, prove }: Append): Extra | undefined {
  const isPlain = ref === undefined && mentions === undefined && seal === undefined && !prove;
  return isPlain ? undefined : { ref, change, mentions, seal, prove };
}

export function unpackWrites(packed: PackedWrites): Write[] {
  const writes: Write[] = [];
  let last: Partial<Append> = {};
  for (let i = 0; i < packed.length; ) {
    const first = packed[i];
    if (typeof first === "object" && first !== SAME) {
      writes.push(first as Exclude<Write, Append>);
      i += 1;
      continue;
    }
    const cells = packed as readonly Cell[];
    const sent = {
      kind: "append",
      service: orLast(cells[i], last.service),
      room_id: orLast(cells[i + 1], last.room_id),
      epoch: orLast(cells[i + 2], last.epoch),
      user_id: orLast(cells[i + 3], last.user_id),
      session_id: orLast(cells[i + 4], last.session_id),
      client_msg_id: cells[i + 5],
      timestmap: cells[i + 6],
      msg: cells[i + 7],
    } as Append;
    const extra = packed[i + 8] as Extra | undefined;
    writes.push(extra ? { ...sent, ...extra } : sent);
    last = sent;
    i += APPEND_CELLS;
  }
  return writes;
}

function orLast(cell: Cell, last: string | undefined): Cell {
  return cell === SAME ? last : cell;
}

export function packOutcomes(outcomes: readonly Written[]): PackedOutcomes {
  const packed: (Cell | Written)[] = [];
  let epoch: string | undefined;
  for (const outcome of outcomes) {
    if (outcome.kind !== "appended" || outcome.proof || outcome.others) {
      packed.push(outcome);
      continue;
    }
    packed.push(outcome.epoch === epoch ? SAME : outcome.epoch, outcome.msg_id, outcome.timestmap);
    epoch = outcome.epoch;
  }
  return packed;
}

export function unpackOutcomes(packed: PackedOutcomes): Written[] {
  const outcomes: Written[] = [];
  let epoch = "";
  for (let i = 0; i < packed.length; ) {
    const first = packed[i];
    if (typeof first === "object" && first !== SAME) {
      outcomes.push(first);
      i += 1;
      continue;
    }
    if (first !== SAME) epoch = first as string;
    outcomes.push({
      kind: "appended",
      epoch,
      msg_id: packed[i + 1] as number,
      timestmap: packed[i + 2] as number,
    });
    i += APPENDED_CELLS;
  }
  return outcomes;
}
