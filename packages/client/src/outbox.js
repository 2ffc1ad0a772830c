import { errorCodes } from "@roomlog/protocol";
import { CallError, ConnectionLost, isRefusal } from "./connection.ts";
import { OutboxFull, OutcomeUnknown, RoomEnded } from "./errors.ts";
import { insist } from "./insist.ts";
/**
 * The sends of a room, one after the other: that keeps their order whatever is lost or refused on the way. A repeat
 * has the same `client_msg_id` and `epoch`, so it is stored once (M9).
 */
export class Outbox {
  #parts;
  #waiting = [];
  #isAtWork = false;
  constructor(parts) {
    this.#parts = parts;
  }
  /** `msg` is taken as it is now. */
  async send(msg, { client_msg_id = this.#parts.newId(), signal }) {
    signal?.throwIfAborted();
    const { outbox } = this.#parts.settings;
    if (this.#waiting.length >= outbox) throw new OutboxFull(outbox);
    const settle = Promise.withResolvers();
    const item = { msg: JSON.parse(JSON.stringify(msg)), client_msg_id, signal, settle };
    const withdraw = () => this.#withdraw(item);
    signal?.addEventListener("abort", withdraw);
    this.#waiting.push(item);
    void this.#work();
    return settle.promise.finally(() => signal?.removeEventListener("abort", withdraw));
  }
  /** What waits behind another has not been tried; the first one is aborted where it is being delivered. */
  #withdraw(item) {
    const at = this.#waiting.indexOf(item);
    if (at <= 0) return;
    this.#waiting.splice(at, 1);
    item.settle.reject(item.signal?.reason);
  }
  async #work() {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
      await this.#deliver(item).then(item.settle.resolve, item.settle.reject);
      this.#waiting.shift();
    }
    this.#isAtWork = false;
  }
  async #deliver({ msg, client_msg_id, signal }) {
    const { gate, settings, room_id, epoch } = this.#parts;
    let isUnknown = false;
    const call = async (connection) => {
      const wasUnknown = isUnknown;
      isUnknown = true;
      try {
        const data = { room_id, msg, client_msg_id, epoch: epoch() };
        return await connection.call("media/room/msglog_send", data);
      } catch (error) {
        isUnknown = wasUnknown || leavesUnknown(error);
        throw error;
      }
    };
    return insist({ gate, settings, signal, call }).catch((error) => {
      if (isUnknown) throw new OutcomeUnknown(client_msg_id, error);
      if (isRefusal(error, errorCodes.epoch_not_found)) throw new RoomEnded(room_id, error);
      throw error;
    });
  }
}
/** Every other refusal means that this try stored nothing (M4). */
function leavesUnknown(error) {
  if (error instanceof CallError) return error.code === errorCodes.log_not_available;
  return !(error instanceof ConnectionLost && error.isTooLarge);
}
//# sourceMappingURL=outbox.js.map
