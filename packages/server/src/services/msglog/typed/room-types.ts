import { RequestError } from "../../../core/plugin.ts";
import { type Checker, checkerOf } from "./checker.ts";
import { schemaFrom } from "./schema-text.ts";

/** A type of messages in a room. */
export interface RoomType {
  readonly version: number;
  /** Undefined when it has none any more. */
  readonly checker: Checker | undefined;
}

interface Kept {
  readonly version: number;
  readonly text: string | undefined;
  checker?: Checker;
}

/** Changes of schemas in one life of a room. */
const MAX_CHANGES = 256;

/** Schemas that are kept ready for use; any other is made so anew when it is needed. */
const MAX_READY = 1000;

/**
 * The newest schemas of living rooms, in memory, since every message asks. They are kept as text: ready for use they take
 * many times as much.
 */
export class RoomTypes {
  readonly #rooms = new Map<string, Map<string, Kept>>();
  readonly #ready = new Set<Kept>();
  readonly #maxBytes: () => number;
  #bytes = 0;

  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  has(room_id: string): boolean {
    return this.#rooms.has(room_id);
  }

  /** Of the text of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  of(room_id: string, type: string): RoomType | undefined {
    const kept = this.#rooms.get(room_id)?.get(type);
    return kept && { version: kept.version, checker: this.#checkerOf(kept) };
  }

  /** The number of the next version; 100050 when the room has had too many, or the texts would be too long in all. */
  next(room_id: string, type: string, text: string | undefined): number | RequestError {
    const types = this.#rooms.get(room_id);
    const changes = [...(types?.values() ?? [])].reduce((sum, { version }) => sum + version, 0);
    if (changes >= MAX_CHANGES) return new RequestError(100050, { limit: MAX_CHANGES });
    const before = types?.get(type);
    const limit = this.#maxBytes();
    const grown = lengthOf(text) - lengthOf(before?.text);
    if (grown > 0 && this.#bytes + grown > limit)
      return new RequestError(100050, { limit, setting: "msglog.schema_bytes" });
    return (before?.version ?? 0) + 1;
  }

  /** What takes it back when it did not come to be. */
  set(room_id: string, type: string, { version, text }: Pick<Kept, "version" | "text">): () => void {
    const types = this.#rooms.get(room_id) ?? new Map<string, Kept>();
    this.#rooms.set(room_id, types);
    this.#drop(types.get(type));
    const kept: Kept = { version, text };
    types.set(type, kept);
    this.#bytes += lengthOf(text);
    return () => this.#takeBack(room_id, type, kept);
  }

  end(room_id: string): void {
    for (const kept of this.#rooms.get(room_id)?.values() ?? []) this.#drop(kept);
    this.#rooms.delete(room_id);
  }

  #takeBack(room_id: string, type: string, kept: Kept): void {
    const types = this.#rooms.get(room_id);
    if (types?.get(type) !== kept) return;
    this.#drop(kept);
    types.delete(type);
    if (types.size === 0) this.#rooms.delete(room_id);
  }

  #drop(kept: Kept | undefined): void {
    if (!kept) return;
    this.#bytes -= lengthOf(kept.text);
    this.#ready.delete(kept);
  }

  #checkerOf(kept: Kept): Checker | undefined {
    if (kept.text === undefined || kept.checker) return kept.checker;
    kept.checker = checkerOf(schemaFrom(kept.text), "room");
    this.#ready.add(kept);
    const [oldest] = this.#ready;
    if (this.#ready.size > MAX_READY && oldest) {
      delete oldest.checker;
      this.#ready.delete(oldest);
    }
    return kept.checker;
  }
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}
