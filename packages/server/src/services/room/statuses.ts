import { JsonText } from "../../core/plugin.ts";

/** Classes of status in one room. */
export const MAX_CLASSES = 64;

/** The status of rooms by class, in memory (R5). */
export class Statuses {
  readonly #rooms = new Map<string, Map<string, JsonText>>();

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

  set(room_id: string, cls: string, data: JsonText): void {
    const statuses = this.#rooms.get(room_id) ?? new Map<string, JsonText>();
    this.#rooms.set(room_id, statuses.set(cls, data));
  }

  end(room_id: string): void {
    this.#rooms.delete(room_id);
  }
}
