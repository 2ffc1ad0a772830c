import type { StoredMessage } from "@roomlog/protocol";
/** What one iterator has at hand: the messages behind the last one it gave, without a hole. */
export declare class Tail {
  #private;
  /** `last` is the id behind which it begins. */
  constructor(last: number);
  /** The id of the last message that is at hand or was given. */
  get last(): number;
  /** A live message. One that does not follow the last is not taken: the log has it. */
  live(message: StoredMessage): void;
  /**
   * A page of what follows; what came live meanwhile is in it once more. An empty one means that nothing up to `goal`
   * is kept. Returns the first and the last id of each stretch that is not kept.
   */
  page(messages: readonly StoredMessage[], goal: number): (readonly [first: number, last: number])[];
  take(): StoredMessage | undefined;
  /** Something has changed. */
  wake(): void;
  /** Resolves when something has changed since the last time. */
  woken(): Promise<void>;
}
