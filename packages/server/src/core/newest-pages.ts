import type { PageText } from "../store/store.ts";

/** Of texts of pages, in characters, with what keeping a page takes beside its text. */
const MOST_KEPT = 8 * 1_048_576;
const PAGE_SIZE = 512;
/** A longer page is not kept. */
const LONGEST = 131_072;

type Read = Promise<PageText | undefined>;

/**
 * The newest pages of rooms, as they were read last: what everyone asks for who comes into a room. A page is kept until
 * its room changes, and who asks while it is being read shares that read. The store stays the truth: `changed` is
 * called before a change is answered or told, so nobody gets a page that is older than what he may know.
 */
export class NewestPages {
  /** room_id → which page → its text; the room asked for last is at the end. */
  readonly #rooms = new Map<string, Map<string, Read>>();
  /** Of pages that have been read. */
  readonly #sizes = new Map<string, number>();
  #size = 0;

  /** The page `name` of a room; `read` gets it from the store. */
  get(room_id: string, name: string, read: () => Read): Read {
    const pages = this.#rooms.get(room_id) ?? new Map<string, Read>();
    const kept = pages.get(name);
    if (kept) {
      this.#rooms.delete(room_id);
      this.#rooms.set(room_id, pages);
      return kept;
    }
    const reading = read();
    this.#rooms.set(room_id, pages.set(name, reading));
    this.#keep(room_id, name, reading);
    return reading;
  }

  /** Something of the room is not as it was. */
  changed(room_id: string): void {
    if (!this.#rooms.delete(room_id)) return;
    this.#size -= this.#sizes.get(room_id) ?? 0;
    this.#sizes.delete(room_id);
  }

  clear(): void {
    for (const room_id of this.#rooms.keys()) this.changed(room_id);
  }

  #keep(room_id: string, name: string, reading: Read): void {
    const settled = (page: PageText | undefined) => {
      const pages = this.#rooms.get(room_id);
      if (pages?.get(name) !== reading) return;
      if (!page || page.text.length > LONGEST) {
        pages.delete(name);
        if (pages.size === 0) this.changed(room_id);
        return;
      }
      const size = page.text.length + PAGE_SIZE;
      this.#size += size;
      this.#sizes.set(room_id, (this.#sizes.get(room_id) ?? 0) + size);
      for (const oldest of this.#rooms.keys()) {
        if (this.#size <= MOST_KEPT) break;
        this.changed(oldest);
      }
    };
    reading.then(settled, () => settled(undefined));
  }
}
