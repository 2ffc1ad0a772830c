import { JsonText } from "../../core/plugin.ts";
import type { Memory } from "./memory.ts";

/** Classes of status in one room. */
export const MAX_CLASSES = 64;

/** The status of rooms by class, in memory (R5). */
export class Statuses {
  readonly #memory: Memory;
  readonly #rooms = new Map<string, Map<string, JsonText>>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The text of an object: class → data. Kept as text, since parsed it can take twenty times the memory. */
  of(room_id: string): JsonText {
    const statuses = [...(this.#rooms.get(room_id) ?? [])];
    return new JsonText(`{${statuses.map(([cls, { text }]) => `${JSON.stringify(cls)}:${text}`).join(",")}}`);
  }

  /** Whether there is room for another class. */
  mayTake(room_id: string, cls: string): boolean {
    const statuses = this.#rooms.get(room_id);
    return !statuses || statuses.has(cls) || statuses.size < MAX_CLASSES;
  }

  /** Throws 100050 over `room.memory_bytes`. */
  set(room_id: string, cls: string, data: JsonText): void {
    const statuses = this.#rooms.get(room_id) ?? new Map<string, JsonText>();
    this.#memory.replace(statuses.get(cls), data, "data");
    this.#rooms.set(room_id, statuses.set(cls, data));
  }

  end(room_id: string): void {
    for (const data of this.#rooms.get(room_id)?.values() ?? []) this.#memory.free(data);
    this.#rooms.delete(room_id);
  }
}
