import type { ManagedStore } from "../store/managed.ts";
import type {
  BehindQuery,
  DeadLetter,
  DeadLettersQuery,
  DropDeadLetter,
  KeptWebhook,
  MoveCursor,
  RoomsBehind,
  SetWebhooks,
  Undelivered,
  UndeliveredQuery,
  Write,
} from "../store/store.ts";
import type { Log, LogStretch, StretchQuery } from "./log.ts";
import { written } from "./outcome.ts";

export interface DeliveriesParts {
  readonly service: string;
  readonly store: ManagedStore;
  /** Undefined in a service without logs. */
  readonly log: () => Log | undefined;
}

/** Of the service. */
type Of<T> = Omit<T, "service" | "kind">;

/** How far webhooks of a service have been told what stands in its logs (W2). The store alone knows. */
export class Deliveries {
  readonly #parts: DeliveriesParts;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  webhooks(): Promise<KeptWebhook[]> {
    const { service, store } = this.#parts;
    return store.webhooks({ service });
  }

  roomsBehind(query: Of<BehindQuery>): Promise<RoomsBehind> {
    const { service, store } = this.#parts;
    return store.roomsBehind({ service, ...query });
  }

  /** The first life of a room of which there is something to tell. */
  next(query: Of<UndeliveredQuery>): Promise<Undelivered | undefined> {
    const { service, store } = this.#parts;
    return store.undelivered({ service, ...query });
  }

  /** What follows an id; undefined when there is no such life, or its log is not kept. */
  async read(query: StretchQuery): Promise<LogStretch | undefined> {
    return this.#parts.log()?.stretch(query);
  }

  deadLetters(query: Of<DeadLettersQuery>): Promise<DeadLetter[]> {
    const { service, store } = this.#parts;
    return store.deadLetters({ service, ...query });
  }

  /** Rejects with 304105 when the store has failed, as the two below do. */
  set(write: Of<SetWebhooks>): Promise<void> {
    return this.#write({ kind: "set_webhooks", service: this.#parts.service, ...write });
  }

  /** Queued in this call, durable when it resolves. */
  move(write: Of<MoveCursor>): Promise<void> {
    return this.#write({ kind: "move_cursor", service: this.#parts.service, ...write });
  }

  drop(write: Of<DropDeadLetter>): Promise<void> {
    return this.#write({ kind: "drop_dead_letter", service: this.#parts.service, ...write });
  }

  async #write(write: Write): Promise<void> {
    await written(this.#parts.store, write);
  }
}
