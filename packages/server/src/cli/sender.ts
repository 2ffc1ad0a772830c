import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CallError, ConnectionLost } from "@roomlog/client";
import { type ErrorCode, errorCodes, isTemporaryError, type RoomInfo } from "@roomlog/protocol";
import { logInAgain } from "./backoff.ts";
import { explained, isFinal, isNotTaken } from "./refusals.ts";
import { dataIn, logIn, type Session } from "./session.ts";
import type { Target } from "./target.ts";

/** A send is tried again for so long, in milliseconds. */
const PATIENCE_MS = 60_000;

const SEND = "media/room/msglog_send";

/** A message that is on disk, or why it is not, as far as is known. */
export type Outcome = { readonly msg_id: number } | { readonly why: Error };

export interface SenderOptions {
  readonly target: Target;
  readonly room_id: string;
  /** With it a room that is not there is made. */
  readonly create: RoomInfo["class"] | undefined;
}

/** Sends to one room, each message once: over lost connections, and when the server says "later" (M9). */
export class Sender {
  readonly #options: SenderOptions;
  readonly #run = randomUUID();
  #session: Session;
  #epoch: string | undefined;
  #sent = 0;

  /** Runs a task with a sender, which is closed with it. */
  static async run(options: SenderOptions, task: (sender: Sender) => Promise<void>): Promise<void> {
    const sender = new Sender(options, await logIn(options.target));
    try {
      await sender.#findRoom();
      await task(sender);
    } finally {
      await sender.#session.connection.close();
    }
  }

  private constructor(options: SenderOptions, session: Session) {
    this.#options = options;
    this.#session = session;
  }

  /** Sends JSON texts side by side, in their order; gives back what became of each. */
  async send(messages: readonly string[]): Promise<Outcome[]> {
    const requests = messages.map((msg) => this.#request(msg));
    const outcomes: Outcome[] = Array(requests.length);
    let open = requests.map((_, i) => i);
    for (let waited = 0; open.length > 0; ) {
      const results = await Promise.allSettled(
        open.map((i) => this.#session.connection.callText(SEND, requests[i] ?? "")),
      );
      const passing: Error[] = [];
      open = open.filter((i, at) => {
        const result = results[at] as PromiseSettledResult<string>;
        if (result.status === "fulfilled") outcomes[i] = { msg_id: idIn(result.value) };
        else if (isPassing(result.reason) && waited <= PATIENCE_MS) passing.push(result.reason);
        else outcomes[i] = { why: explained(result.reason, SEND) };
        return outcomes[i] === undefined;
      });
      if (open.length === 0) break;
      try {
        waited += await this.#recover(passing, waited);
      } catch (why) {
        for (const i of open.splice(0)) outcomes[i] = { why: why as Error };
      }
    }
    return outcomes;
  }

  /** Each message has a name of its own, so that it may be sent again; and the life of the room it is meant for. */
  #request(msg: string): string {
    const { room_id } = this.#options;
    const client_msg_id = `${this.#run}-${++this.#sent}`;
    const head = JSON.stringify({ room_id, client_msg_id, epoch: this.#epoch });
    return `${head.slice(0, -1)},"msg":${msg}}`;
  }

  /** Waits until what failed can be tried again; gives back how long, in milliseconds. */
  async #recover(errors: readonly Error[], waited: number): Promise<number> {
    const began = performance.now();
    const isBroken = errors.some((error) => error instanceof ConnectionLost);
    if (isBroken) this.#session = await logInAgain(() => logIn(this.#session.target), PATIENCE_MS - waited);
    else await sleep(Math.max(...errors.map(pauseOf)));
    return performance.now() - began;
  }

  /** Which life of the room is meant; who may not know sends without. */
  async #findRoom(): Promise<void> {
    const { room_id, create } = this.#options;
    const { room_already_exists, unauthorized } = errorCodes;
    try {
      this.#epoch = (await this.#session.connection.call("media/room/msglog_info", { room_id })).epoch;
    } catch (error) {
      if (!(error instanceof CallError)) throw explained(error, "media/room/msglog_info");
      const isMissing = error.code === errorCodes.room_not_found;
      if (create)
        await this.#create(create, isMissing ? [room_already_exists] : [room_already_exists, unauthorized]);
      else if (isMissing) throw explained(error, SEND);
    }
  }

  /** Somebody may have been quicker: `fine` are the codes that do not matter. */
  async #create(cls: RoomInfo["class"], fine: readonly ErrorCode[]): Promise<void> {
    const { room_id } = this.#options;
    try {
      await this.#session.connection.call("media/room/create", { room_id, class: cls });
    } catch (error) {
      if (!(error instanceof CallError && fine.includes(error.code)))
        throw explained(error, "media/room/create");
    }
  }
}

/** Before that is tried again, in milliseconds. */
const PAUSE_MS = 500;

/**
 * Unknown outcomes may be tried again too: the name makes sure that nothing is stored twice. Of those that were under way with
 * one that was too large, only that one ends here.
 */
function isPassing(error: Error): boolean {
  if (error instanceof ConnectionLost) return !error.isTooLarge && (isNotTaken(error) || !isFinal(error));
  return error instanceof CallError && isTemporaryError(error.data);
}

function pauseOf(error: Error): number {
  return (error instanceof CallError ? error.data.retry_after_ms : undefined) ?? PAUSE_MS;
}

function idIn(frame: string): number {
  return JSON.parse(dataIn(frame)).msg_id;
}
