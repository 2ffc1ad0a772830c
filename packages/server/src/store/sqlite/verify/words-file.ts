import type Database from "better-sqlite3";

interface Leaf {
  readonly id: bigint;
  readonly block: Buffer;
}

/** Rows of an FTS5 index: the segment, how it is used (0: a leaf), its page. */
const SEGMENT_BITS = 37n;
const PAGE_BITS = 31n;
const MOST_SEGMENTS = 65_535n;

/** What FTS5's own check passes over: its settings, and that each leaf that begins a word is in the list by which it is found. */
export function* wordsFileFaults(db: Database.Database, fresh: Database.Database): Generator<string> {
  const settings = (of: Database.Database) =>
    JSON.stringify(of.prepare("SELECT k, v FROM message_words_config ORDER BY k").all());
  if (settings(db) !== settings(fresh)) yield "the settings of the index of words";
  const leaves = db
    .prepare<[], Leaf>("SELECT id, block FROM message_words_data WHERE id >= 1 << 37")
    .safeIntegers();
  const listed = db
    .prepare<[bigint, bigint], number>("SELECT 1 FROM message_words_idx WHERE segid = ? AND pgno >> 1 = ?")
    .pluck();
  for (const { id, block } of leaves.iterate()) {
    const [segment, page] = [id >> SEGMENT_BITS, id & ((1n << PAGE_BITS) - 1n)];
    const isLeaf = segment <= MOST_SEGMENTS && ((id >> PAGE_BITS) & 63n) === 0n;
    // Behind what its head says it holds stands where its words begin.
    const hasWords = isLeaf && block.length > 4 && block.length > block.readUInt16BE(2);
    if (hasWords && listed.get(segment, page) === undefined)
      yield `page ${page} of segment ${segment} of the index of words is not listed`;
  }
}
