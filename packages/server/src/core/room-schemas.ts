import type { ManagedStore } from "../store/managed.ts";
import type { NewestSchemas, SchemaVersion, SetSchema } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { RequestError } from "./errors.ts";
import { failureOf } from "./outcome.ts";
import type { Settle } from "./rooms.ts";

export interface RoomSchemasParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly clock: Clock;
}

/** Schemas read at once when the server starts. */
const PAGE = 1000;

/** The schemas that the rooms of a service have for types of messages (M24). */
export class RoomSchemas {
  readonly #parts: RoomSchemasParts;

  constructor(parts: RoomSchemasParts) {
    this.#parts = parts;
  }

  /** Gives the newest version of each type in each living room to `see`. */
  async load(see: (schema: NewestSchemas["schemas"][number]) => void): Promise<void> {
    const { service, store } = this.#parts;
    for (let from: number | undefined = 0; from !== undefined; ) {
      const slice: NewestSchemas = await store.newestSchemas({ service, from, most: PAGE });
      for (const schema of slice.schemas) see(schema);
      from = slice.next;
    }
  }

  /** Queued in this call: it holds for what is sent after it. Fails with 304001, 304105. */
  set(schema: Omit<SetSchema, "kind" | "service" | "at">, settle: Settle): void {
    const { service, store, clock } = this.#parts;
    store.write({ kind: "set_schema", service, at: clock.wall(), ...schema }, (outcome) =>
      settle(failureOf(outcome)),
    );
  }

  /** All versions in a life of a room, by type. Throws 304106 when it is not kept any more. */
  async of({
    room_id,
    epoch,
  }: {
    readonly room_id: string;
    readonly epoch: string;
  }): Promise<SchemaVersion[]> {
    const { service, store } = this.#parts;
    const schemas = await store.schemas({ service, room_id, epoch });
    if (!schemas) throw new RequestError(304106);
    return schemas;
  }
}
