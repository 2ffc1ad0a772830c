import type { ManagedStore } from "../store/managed.ts";
import type { LifeKey, NewestSchemas, SchemaVersion, SetSchema } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { RequestError } from "./errors.ts";
import type { Actor } from "./judgement.ts";
import { failureOf } from "./outcome.ts";
import type { RoomRights } from "./room-rights.ts";
import type { Rooms, Settle } from "./rooms.ts";

export interface RoomSchemasParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly rights: RoomRights;
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

  /** All versions in a life of a room, by type. Throws 304001, 304106; also when the life is not for him. */
  async of(life: Omit<LifeKey, "service">, who: Actor): Promise<SchemaVersion[]> {
    const { service, store, rights } = this.#parts;
    const isReadable = life.epoch === undefined || (await rights.mayInLife(who, "msglog_get", life));
    const schemas = isReadable ? await store.schemas({ service, ...life }) : undefined;
    if (!schemas) throw new RequestError(life.epoch === undefined ? 304001 : 304106);
    return schemas;
  }
}
