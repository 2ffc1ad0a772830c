import { type EventData, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type {
  Authored,
  AuthoredQuery,
  BeginErasure,
  EndErasure,
  Erasable,
  ErasableQuery,
  Erase,
  Erased,
  Erasure,
  ErasuresQuery,
  Hold,
  Write,
  Written,
} from "../store/store.ts";
import { laneOf } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { failureOf, written } from "./outcome.ts";
import type { RoomRights } from "./room-rights.ts";

interface ErasuresParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly rights: RoomRights;
  /** So many bytes of a room's messages are gone. */
  readonly shrunk: (room_id: string, bytes: number) => void;
}

type OfService<T> = Omit<T, "service" | "kind">;

/** What is erased in the logs of a service (M21), and what must not be (M22). Rejects with 304105 when the store has failed. */
export class LogErasures {
  readonly #parts: ErasuresParts;

  constructor(parts: ErasuresParts) {
    this.#parts = parts;
  }

  /** Puts a room on hold, or one life of it; without `hold` it ends. */
  async setHold(room_id: string, epoch: string | undefined, hold: Hold | undefined): Promise<void> {
    const { service } = this.#parts;
    await this.#write({ kind: "set_hold", service, room_id, epoch, hold });
  }

  async begin(erasure: OfService<BeginErasure>): Promise<Erasure> {
    return erasureIn(await this.#write({ kind: "begin_erasure", service: this.#parts.service, ...erasure }));
  }

  /** Erases a slice; event `msglog_erased` to all who may hear of messages. Throws 304106. */
  erase(erase: OfService<Erase>): Promise<Erased> {
    const { service, store, shrunk } = this.#parts;
    return new Promise((resolve, reject) => {
      store.write({ kind: "erase", service, ...erase }, (outcome) => {
        if (outcome.kind !== "erased") return reject(failureOf(outcome) ?? new RequestError(100002));
        shrunk(erase.room_id, outcome.bytes);
        if (outcome.msg_ids.length > 0) this.#tell(erase, outcome);
        resolve(outcome);
      });
    });
  }

  async end(erasure: OfService<EndErasure>): Promise<Erasure> {
    return erasureIn(await this.#write({ kind: "end_erasure", service: this.#parts.service, ...erasure }));
  }

  authored(query: OfService<AuthoredQuery>): Promise<Authored> {
    return this.#parts.store.authored({ service: this.#parts.service, ...query });
  }

  /** Undefined when there is no such life any more. */
  erasable(query: OfService<ErasableQuery>): Promise<Erasable | undefined> {
    return this.#parts.store.erasable({ service: this.#parts.service, ...query });
  }

  list(query: OfService<ErasuresQuery>): Promise<Erasure[]> {
    return this.#parts.store.erasures({ service: this.#parts.service, ...query });
  }

  /** A slice of what makes erased text disappear from files; where the next one begins, undefined behind the last one. */
  async scrub(from: number): Promise<number | undefined> {
    const next = await this.#parts.store.scrub(from);
    if (next === "failed") throw new RequestError(304105);
    return next;
  }

  /** In its place among the room's messages. */
  #tell({ room_id, epoch, user_id }: OfService<Erase>, { msg_ids }: Erased): void {
    const { service, hub, rights } = this.#parts;
    hub.publish(erasedEvent(room_id, { epoch, user_id, msg_ids }), {
      lane: laneOf(service, room_id),
      isLog: true,
      hears: rights.hearsOfAll(room_id),
    });
  }

  #write(write: Write): Promise<Written> {
    return written(this.#parts.store, write);
  }
}

function erasureIn(outcome: Written): Erasure {
  if (outcome.kind !== "erasure") throw new Error(`an erasure was answered ${outcome.kind}`);
  return outcome.erasure;
}

/** M21 */
function erasedEvent(
  obj_id: string,
  body: { readonly epoch: string; readonly user_id: string; readonly msg_ids: readonly number[] },
): EventData {
  return { class: "media", subclass: "room", type: roomEvents.msglog_erased, obj_id, body };
}
