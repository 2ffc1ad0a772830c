import { type CommandData, type CommandResult, errorCodes } from "@roomlog/protocol";
import { CallError, type CallOptions, type Connection, ConnectionLost, isRefusal } from "./connection.ts";
import { OutboxFull, OutcomeUnknown, RoomEnded } from "./errors.ts";
import type { Gate } from "./gate.ts";
import { insist } from "./insist.ts";
import type { Settings } from "./options.ts";

export interface SendOptions extends CallOptions {
  /** The name of this send, by which a repeat is known (M9); one of the client's own by default. */
  readonly client_msg_id?: string | undefined;
}

export interface MessageOptions extends SendOptions {
  /** The message that this one refers to: a reply, a reaction (M16). */
  readonly ref?: number | undefined;
  /** Users whom it concerns (M20). */
  readonly mentions?: string[] | undefined;
}

export interface DeleteOptions extends SendOptions {
  /** For the readers. */
  readonly reason?: string | undefined;
}

/** What gets into a log: a message, an edit or a deletion (M1, M15). */
export type Entry = {
  readonly [N in EntryCommand]: {
    readonly command: N;
    readonly data: Omit<CommandData<N>, "room_id" | "client_msg_id" | "epoch">;
  };
}[EntryCommand];

type EntryCommand = "media/room/msglog_send" | "media/room/msglog_edit" | "media/room/msglog_delete";

export type Sent = CommandResult<"media/room/msglog_send">;

export interface OutboxParts {
  readonly room_id: string;
  /** Open while the room is joined. */
  readonly gate: Gate<Connection>;
  readonly settings: Settings;
  readonly newId: () => string;
  /** The life of the room to which all sends belong. */
  readonly epoch: () => string | undefined;
}

interface Item {
  readonly entry: Entry;
  readonly client_msg_id: string;
  readonly signal: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<Sent>;
}

/**
 * What is sent to the log of a room, one after the other: that keeps their order whatever is lost or refused on the way. A repeat
 * has the same `client_msg_id` and `epoch`, so it is stored once (M9).
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #waiting: Item[] = [];
  #isAtWork = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** The entry is taken as it is now. */
  async put(entry: Entry, { client_msg_id = this.#parts.newId(), signal }: SendOptions): Promise<Sent> {
    signal?.throwIfAborted();
    const { outbox } = this.#parts.settings;
    if (this.#waiting.length >= outbox) throw new OutboxFull(outbox);
    const settle = Promise.withResolvers<Sent>();
    const item = { entry: JSON.parse(JSON.stringify(entry)), client_msg_id, signal, settle };
    const withdraw = () => this.#withdraw(item);
    signal?.addEventListener("abort", withdraw);
    this.#waiting.push(item);
    void this.#work();
    return settle.promise.finally(() => signal?.removeEventListener("abort", withdraw));
  }

  /** What waits behind another has not been tried; the first one is aborted where it is being delivered. */
  #withdraw(item: Item): void {
    const at = this.#waiting.indexOf(item);
    if (at <= 0) return;
    this.#waiting.splice(at, 1);
    item.settle.reject(item.signal?.reason);
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
      await this.#deliver(item).then(item.settle.resolve, item.settle.reject);
      this.#waiting.shift();
    }
    this.#isAtWork = false;
  }

  async #deliver({ entry, client_msg_id, signal }: Item): Promise<Sent> {
    const { gate, settings, room_id, epoch } = this.#parts;
    let isUnknown = false;
    const call = async (connection: Connection) => {
      const wasUnknown = isUnknown;
      isUnknown = true;
      try {
        const data = { room_id, ...entry.data, client_msg_id, epoch: epoch() };
        return await connection.call(entry.command, data as CommandData<EntryCommand>);
      } catch (error) {
        isUnknown = wasUnknown || leavesUnknown(error);
        throw error;
      }
    };
    return insist({ gate, settings, signal, call }).catch((error: unknown) => {
      if (isUnknown) throw new OutcomeUnknown(client_msg_id, error);
      if (isRefusal(error, errorCodes.epoch_not_found)) throw new RoomEnded(room_id, error);
      throw error;
    });
  }
}

/** Every other refusal means that this try stored nothing (M4). */
function leavesUnknown(error: unknown): boolean {
  if (error instanceof CallError) return error.code === errorCodes.log_not_available;
  return !(error instanceof ConnectionLost && error.isTooLarge);
}
