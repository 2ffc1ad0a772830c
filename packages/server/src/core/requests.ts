import type { CloseCode, JsonObject } from "@roomlog/protocol";
import { RequestError } from "./errors.ts";
import { type Answer, ackFrame, errorFrame, okFrame } from "./frames.ts";
import { Later } from "./plugin.ts";

/** A request as it was received. */
export interface Request {
  readonly class: string;
  readonly subclass: string;
  readonly cmd: string;
  readonly data: JsonObject;
  /** The JSON text of its tid, which is echoed as it stands (F1). */
  readonly tid: string;
  /** The whole frame. */
  readonly text: string;
  /** Why it cannot be executed, when the frame itself is at fault (F5). */
  readonly fault?: RequestError;
}

/** How a request will be served; throws a `RequestError` when it will not. */
export interface Serving {
  readonly pipelined: boolean;
  readonly acked: boolean;
  run(): Answer | Promise<Answer> | Later<Answer>;
}

export interface RequestsParts {
  serve(request: Request): Serving;
  send(frame: string): void;
  /** Ends the connection after an answer that says so. */
  close(code: CloseCode, reason: string): void;
  /** Whether so much waits for the socket that nothing more is executed (M11). */
  isBlocked(): boolean;
  /** A request has been answered. */
  answered(): void;
  /** An error that no rule foresees. */
  report(error: unknown, request: Request): void;
}

/** An answer's place in the order of the requests. */
interface Slot {
  readonly tid: string;
  done?: Answer | RequestError | "nothing";
}

const NOTHING = "nothing";

/**
 * The requests of one connection: they take effect in the order received and are answered in that order (F6).
 * Pipelined neighbours run side by side; every other request waits until all before it have been answered.
 */
export class Requests {
  readonly #parts: RequestsParts;
  readonly #waiting: Request[] = [];
  readonly #slots: Slot[] = [];
  #alone = false;
  #ended = false;
  #idle: (() => void)[] = [];

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** Requests that are not answered yet. */
  get size(): number {
    return this.#waiting.length + this.#slots.length;
  }

  add(request: Request): void {
    this.#waiting.push(request);
    this.run();
  }

  /** Starts what may start. */
  run(): void {
    while (!this.#ended && this.#mayStart()) this.#start(this.#waiting.shift() as Request);
  }

  /** Resolves when everything received has been answered. */
  finished(): Promise<void> {
    if (this.size === 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing further is started or answered. */
  end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    for (const resume of this.#idle.splice(0)) resume();
  }

  #mayStart(): boolean {
    const request = this.#waiting[0];
    if (!request || this.#parts.isBlocked()) return false;
    if (this.#slots.length === 0) return true;
    return !this.#alone && isPipelined(this.#serving(request));
  }

  #start(request: Request): void {
    const slot: Slot = { tid: request.tid };
    this.#slots.push(slot);
    const serving = this.#serving(request);
    this.#alone = !isPipelined(serving);
    if (serving instanceof RequestError) return this.#settle(slot, serving);
    if (serving.acked) this.#parts.send(ackFrame(request.tid));
    try {
      this.#await(request, slot, serving.run());
    } catch (error) {
      this.#settle(slot, this.#asFailure(error, request));
    }
  }

  #serving(request: Request): Serving | RequestError {
    if (request.fault) return request.fault;
    try {
      return this.#parts.serve(request);
    } catch (error) {
      return this.#asFailure(error, request);
    }
  }

  #await(request: Request, slot: Slot, outcome: Answer | Promise<Answer> | Later<Answer>): void {
    if (outcome instanceof Later) {
      outcome.start((answer) => {
        this.#settle(slot, answer instanceof Error ? this.#asFailure(answer, request) : answer);
        // Not in this call: what follows takes effect after the events of this request.
        queueMicrotask(() => this.run());
      });
    } else if (outcome instanceof Promise) {
      void outcome
        .catch((error: unknown) => this.#asFailure(error, request))
        .then((answer) => {
          this.#settle(slot, answer);
          this.run();
        });
    } else {
      this.#settle(slot, outcome);
    }
  }

  /** Sends this answer and those behind it that were only waiting for their turn. */
  #settle(slot: Slot, outcome: Answer | RequestError): void {
    slot.done = outcome ?? NOTHING;
    while (!this.#ended && this.#slots[0]?.done !== undefined) this.#answer(this.#slots.shift() as Slot);
    if (this.#slots.length === 0) this.#alone = false;
    this.#parts.answered();
    if (this.size === 0) for (const resume of this.#idle.splice(0)) resume();
  }

  #answer({ tid, done }: Slot): void {
    if (done instanceof RequestError) {
      this.#parts.send(errorFrame(tid, done.data));
      if (done.details.close) this.#parts.close(done.details.close, done.message);
    } else {
      this.#parts.send(okFrame(tid, done === NOTHING ? undefined : done));
    }
  }

  #asFailure(error: unknown, request: Request): RequestError {
    if (error instanceof RequestError) return error;
    this.#parts.report(error, request);
    return new RequestError(100002);
  }
}

function isPipelined(serving: Serving | RequestError): boolean {
  return serving instanceof RequestError || serving.pipelined;
}
