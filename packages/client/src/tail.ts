import type { StoredMessage } from "@roomlog/protocol";

/** Most live messages that wait for one iterator; the rest is read from the log when it is ready for them. */
const MOST_LIVE = 256;

/** As who gives it live messages sees it. */
export type LiveTail = Pick<Tail, "live" | "wake" | "last">;

/** What one iterator has at hand: the messages behind the last one it gave, without a hole. */
export class Tail {
  readonly #ready: StoredMessage[] = [];
  #last: number;
  readonly #isWanted: (message: StoredMessage) => boolean;
  #woken = Promise.withResolvers<void>();

  /** `last` is the id behind which it begins; messages that are not wanted are passed over. */
  constructor(last: number, isWanted: (message: StoredMessage) => boolean) {
    this.#last = last;
    this.#isWanted = isWanted;
  }

  /** The id of the last message that is at hand or was given. */
  get last(): number {
    return this.#last;
  }

  /**
   * A live message; behind the id `since` there is nothing wanted before it. One that does not follow the last is not
   * taken: the log has it.
   */
  live(message: StoredMessage, since: number): void {
    const isNext = message.msg_id > this.#last && since <= this.#last;
    if (isNext && this.#ready.length < MOST_LIVE) this.#add(message);
  }

  /**
   * A page of what follows; what came live meanwhile is in it once more. An empty one means that nothing up to `goal`
   * is kept. Returns the first and the last id of each stretch that is not kept.
   */
  page(messages: readonly StoredMessage[], goal: number): (readonly [first: number, last: number])[] {
    const missing: [number, number][] = [];
    const skip = (to: number) => {
      if (to > this.#last) missing.push([this.#last + 1, to]);
      this.#last = Math.max(this.#last, to);
    };
    for (const message of messages) {
      if (message.msg_id <= this.#last) continue;
      skip(message.msg_id - 1);
      this.#add(message);
    }
    if (messages.length === 0) skip(goal);
    return missing;
  }

  take(): StoredMessage | undefined {
    return this.#ready.shift();
  }

  /** Something has changed. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Resolves when something has changed since the last time. */
  async woken(): Promise<void> {
    await this.#woken.promise;
    this.#woken = Promise.withResolvers();
  }

  #add(message: StoredMessage): void {
    if (this.#isWanted(message)) this.#ready.push(message);
    this.#last = message.msg_id;
  }
}
