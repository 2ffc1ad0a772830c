import type { JsonObject } from "@roomlog/protocol";

/** Classes of status in one room. */
export const MAX_CLASSES = 64;

/** The status of rooms by class, in memory (R5). */
export class Statuses {
  readonly #rooms = new Map<string, Map<string, JsonObject>>();

  of(room_id: string): { readonly [cls: string]: JsonObject } {
    return Object.fromEntries(this.#rooms.get(room_id) ?? []);
  }

  /** Whether there is room for another class. */
  mayTake(room_id: string, cls: string): boolean {
    const statuses = this.#rooms.get(room_id);
    return !statuses || statuses.has(cls) || statuses.size < MAX_CLASSES;
  }

  set(room_id: string, cls: string, data: JsonObject): void {
    const statuses = this.#rooms.get(room_id) ?? new Map<string, JsonObject>();
    this.#rooms.set(room_id, statuses.set(cls, data));
  }

  end(room_id: string): void {
    this.#rooms.delete(room_id);
  }
}
