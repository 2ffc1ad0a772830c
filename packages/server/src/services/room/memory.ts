import { type JsonText, RequestError } from "../../core/plugin.ts";

/** What an entry takes beside its text, about. */
const ENTRY_BYTES = 256;

/** How much of status and member meta the rooms of a service may hold together, in bytes (R5). */
export class Memory {
  limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Puts `next` in the place of `before`. Throws 100050 when there is no room for it; what is smaller always fits. */
  replace(before: JsonText | undefined, next: JsonText | undefined, field: string): void {
    const more = sizeOf(next) - sizeOf(before);
    if (more > 0 && this.#used + more > this.limit)
      throw new RequestError(100050, { field, limit: this.limit, setting: "room.memory_bytes" });
    this.#used += more;
  }

  free(text: JsonText | undefined): void {
    this.#used -= sizeOf(text);
  }
}

function sizeOf(text: JsonText | undefined): number {
  return text ? Buffer.byteLength(text.text) + ENTRY_BYTES : 0;
}
