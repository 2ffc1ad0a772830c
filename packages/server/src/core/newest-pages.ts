import type { PageText } from "../store/store.ts";

/** Of texts of pages, in characters, with what keeping a page takes beside its text. */
const MOST_KEPT = 8 * 1_048_576;
const PAGE_SIZE = 512;
/** A longer page is not kept. */
const LONGEST = 131_072;

type Read = Promise<PageText | undefined>;

/** Of one room. */
interface Pages {
  /** By which page it is. */
  readonly reads: Map<string, Read>;
  /** Of those that have been read. */
  size: number;
}

/**
 * The newest pages of rooms, as they were read last: what everyone asks for who comes into a room. A page is kept until
 * its room changes, and who asks while it is being read shares that read. The store stays the truth: `changed` is
 * called before a change is answered or told, so nobody gets a page that is older than what he may know.
 */
export class NewestPages {
  /** By room_id; the room asked for last is at the end. */
  readonly #rooms = new Map<string, Pages>();
  #size = 0;

  /** The page `name` of a room; `read` gets it from the store. */
  get(room_id: string, name: string, read: () => Read): Read {
    const pages = this.#rooms.get(room_id) ?? { reads: new Map(), size: 0 };
    this.#rooms.delete(room_id);
    this.#rooms.set(room_id, pages);
    const kept = pages.reads.get(name);
    if (kept) return kept;
    const reading = read();
    pages.reads.set(name, reading);
    this.#keep(room_id, name, reading);
    return reading;
  }

  /** Something of the room is not as it was. */
  changed(room_id: string): void {
    this.#size -= this.#rooms.get(room_id)?.size ?? 0;
    this.#rooms.delete(room_id);
  }

  clear(): void {
    for (const room_id of this.#rooms.keys()) this.changed(room_id);
  }

  #keep(room_id: string, name: string, reading: Read): void {
    const settled = (page: PageText | undefined) => {
      const pages = this.#rooms.get(room_id);
      if (pages?.reads.get(name) !== reading) return;
      if (!page || page.text.length > LONGEST) {
        pages.reads.delete(name);
        if (pages.reads.size === 0) this.changed(room_id);
        return;
      }
      const size = page.text.length + PAGE_SIZE;
      this.#size += size;
      pages.size += size;
      for (const oldest of this.#rooms.keys()) {
        if (this.#size <= MOST_KEPT) break;
        this.changed(oldest);
      }
    };
    reading.then(settled, () => settled(undefined));
  }
}
