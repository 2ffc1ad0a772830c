import { type CloseCode, classify, isName, type JsonObject, MAX_ROOM_ID } from "@roomlog/protocol";
import { RequestError } from "./errors.ts";
import { type Answer, ackFrame, errorFrame, okFrame } from "./frames.ts";
import { Later } from "./plugin.ts";
import { UsualRequest } from "./usual-request.ts";

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

/** What a command gives back: an answer now, an answer once it is known, or a promise of either. */
export type Outcome = Answer | Later<Answer>;

/**
 * Does something after the ok answer has been sent; when the request fails not at all, or all the same with `always`. With
 * `done` as soon as it has succeeded, also when nobody is there any more to be answered.
 */
export type Afterwards = (task: () => void, when?: When) => void;

type When = "ok" | "always" | "done";

/** How a request will be served. */
export interface Serving {
  readonly pipelined: boolean;
  readonly acked: boolean;
  /** Whether what follows does not wait for this request (F6: answered after an ack). */
  readonly detached: boolean;
  run(request: Request, afterwards: Afterwards): Outcome | Promise<Outcome>;
}

/** Takes the error code of an answer, or undefined. */
type Traced = (code: number | undefined) => void;

/** The connection that requests belong to. */
export interface RequestsParts {
  /** How many detached requests may be unanswered, and how much of them may be held (F10). */
  readonly limits: { readonly requests_in_flight: number; readonly session_queue_bytes: number };
  /** Follows a command until it is answered, when somebody wants that (O4). */
  traced(command: string): Traced | undefined;
  serve(request: Request): Serving;
  sendAnswer(frame: string): void;
  /** Ends the connection after an answer that says so. */
  close(code: CloseCode, reason: string): void;
  /** Whether so much waits for the socket that nothing more is executed (M11). */
  isBlocked(): boolean;
  /** A request has been answered. */
  answered(): void;
  /** A request is being answered with an error. */
  failed(error: RequestError, of: { readonly command: string; readonly room_id: string | undefined }): void;
  /** An error that no rule foresees. */
  report(error: unknown, command: string): void;
}

/** An answer's place in the order of the requests. */
interface Slot {
  readonly tid: string;
  /** For the log, should it fail. What the request brought is not kept. */
  readonly command: string;
  /** For the audit log: the room of a request that was refused at once, or that takes a promise. */
  room_id?: string | undefined;
  traced?: Traced | undefined;
  afterwards?: { readonly task: () => void; readonly when: When }[];
  done?: Answer | RequestError | "nothing";
}

const NOTHING = "nothing";

/** What most connections have: no detached requests. Shared, so nothing is ever put into it. */
const NONE = new Set<Slot>();

/**
 * The requests of one connection: they take effect in the order received and are answered in that order (F6).
 * Pipelined neighbours run side by side; every other request waits until all before it have been answered.
 */
export class Requests {
  readonly #parts: RequestsParts;
  readonly #waiting: Request[] = [];
  #waitingLength = 0;
  readonly #slots: Slot[] = [];
  #detached = NONE;
  /** Length of the tids of detached requests. */
  #detachedLength = 0;
  /** Whether nothing else may start: the running request is not pipelined, or does not know yet what it will do. */
  #alone = false;
  #ended = false;
  #idle: (() => void)[] | undefined;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** Length of the frames of requests that have not been started. */
  get waitingLength(): number {
    return this.#waitingLength;
  }

  /** Requests that are not answered yet, without those that nobody waits for. */
  get size(): number {
    return this.#waiting.length + this.#slots.length;
  }

  get #isFinished(): boolean {
    return this.size === 0 && this.#detached.size === 0;
  }

  add(request: Request): void {
    const serving = this.#waiting.length === 0 ? this.#ready(request) : undefined;
    if (serving) this.#start(request, serving);
    else this.#wait(request);
    this.run();
  }

  #wait(request: Request): void {
    this.#waiting.push(folded(request));
    this.#waitingLength += request.text.length;
  }

  /** Starts what may start. */
  run(): void {
    for (let request = this.#waiting[0]; request; request = this.#waiting[0]) {
      const serving = this.#ready(request);
      if (!serving) return;
      this.#waiting.shift();
      this.#waitingLength -= request.text.length;
      this.#start(unfolded(request), serving);
    }
  }

  /** Resolves when everything received has been answered. */
  finished(): Promise<void> {
    if (this.#isFinished || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle ??= [];
      this.#idle.push(resolve);
    });
  }

  /** Nothing further is started or answered. */
  end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    this.#waitingLength = 0;
    this.#resume();
  }

  #resume(): void {
    const idle = this.#idle ?? [];
    this.#idle = undefined;
    for (const resume of idle) resume();
  }

  /** How the next request will be served; undefined while it may not start. */
  #ready(request: Request): Serving | RequestError | undefined {
    if (this.#ended || this.#parts.isBlocked()) return undefined;
    const isFirst = this.#slots.length === 0;
    if (!isFirst && this.#alone) return undefined;
    const serving = this.#serving(request);
    return isFirst || isPipelined(serving) ? serving : undefined;
  }

  #start(request: Request, serving: Serving | RequestError): void {
    const { tid, class: cls, subclass, cmd } = request;
    const slot: Slot = { tid, command: `${cls}/${subclass}/${cmd}` };
    const refusal = serving instanceof RequestError ? serving : this.#refusal(serving, tid);
    if (refusal || serving instanceof RequestError) {
      this.#slots.push(slot);
      return this.#settle(slot, refusal);
    }
    slot.traced = this.#parts.traced(slot.command);
    if (serving.detached) this.#detach(slot);
    else this.#slots.push(slot);
    this.#alone = !(serving.pipelined || serving.detached);
    if (serving.acked) this.#parts.sendAnswer(ackFrame(tid));
    this.#run(slot, request, serving);
  }

  /** Detached requests do not stop the reading, so their number and what they hold is bounded here (F10). */
  #refusal({ detached }: Serving, tid: string): RequestError | undefined {
    if (!detached) return undefined;
    const { requests_in_flight: requests, session_queue_bytes: bytes } = this.#parts.limits;
    if (this.#detached.size >= requests)
      return new RequestError(100050, { limit: requests, setting: "limits.requests_in_flight" });
    const held = this.#detachedLength + tid.length;
    return held > bytes
      ? new RequestError(100050, { limit: bytes, setting: "limits.session_queue_bytes" })
      : undefined;
  }

  #detach(slot: Slot): void {
    if (this.#detached === NONE) this.#detached = new Set();
    this.#detached.add(slot);
    this.#detachedLength += slot.tid.length;
  }

  #serving(request: Request): Serving | RequestError {
    if (request.fault) return request.fault;
    try {
      return this.#parts.serve(request);
    } catch (error) {
      return this.#asFailure(error, request.cmd);
    }
  }

  #run(slot: Slot, request: Request, serving: Serving): void {
    try {
      const outcome = serving.run(request, (task, when = "ok") => {
        slot.afterwards ??= [];
        slot.afterwards.push({ task, when });
      });
      if (!(outcome instanceof Promise)) return this.#take(slot, outcome);
      slot.room_id = roomOf(request);
      this.#await(slot, outcome, serving.pipelined);
    } catch (error) {
      slot.room_id = roomOf(request);
      this.#settle(slot, this.#asFailure(error, slot.command));
    }
  }

  /** A pipelined request holds up what follows while it makes up its mind, so that the order stays (F6). */
  #await(slot: Slot, promise: Promise<Outcome>, pipelined: boolean): void {
    this.#alone ||= pipelined;
    void promise
      .catch((error: unknown) => this.#asFailure(error, slot.command))
      .then((outcome) => {
        if (pipelined) this.#alone = false;
        this.#take(slot, outcome);
        this.run();
      });
  }

  #take(slot: Slot, outcome: Outcome | RequestError): void {
    if (!(outcome instanceof Later)) return this.#settle(slot, outcome);
    outcome.start((answer) => {
      this.#settle(slot, answer instanceof Error ? this.#asFailure(answer, slot.command) : answer);
      // Not in this call: what follows takes effect after the events of this request.
      if (this.#waiting.length > 0) queueMicrotask(() => this.run());
    });
  }

  /** Sends this answer and those behind it that were only waiting for their turn. */
  #settle(slot: Slot, outcome: Answer | RequestError): void {
    slot.done = outcome ?? NOTHING;
    slot.traced?.(outcome instanceof RequestError ? outcome.code : undefined);
    if (!(outcome instanceof RequestError)) doThose(slot, "done");
    if (this.#detached.delete(slot)) this.#settleDetached(slot);
    while (!this.#ended && this.#slots[0]?.done !== undefined) this.#answer(this.#slots.shift() as Slot);
    if (this.#slots.length === 0) this.#alone = false;
    this.#parts.answered();
    if (this.#idle && this.#isFinished) this.#resume();
  }

  /** It cannot wait for a client that does not read: what is held for that one is bounded (F10). */
  #settleDetached(slot: Slot): void {
    this.#detachedLength -= slot.tid.length;
    if (this.#ended) return;
    if (this.#parts.isBlocked()) slot.done = new RequestError(100050);
    this.#answer(slot);
  }

  #answer(slot: Slot): void {
    const { tid, done, command, room_id } = slot;
    if (done instanceof RequestError) {
      this.#parts.failed(done, { command, room_id });
      this.#parts.sendAnswer(errorFrame(tid, done.data));
      doThose(slot, "always");
      if (done.details.close) this.#parts.close(done.details.close, done.message);
      return;
    }
    this.#parts.sendAnswer(this.#encode(tid, done === NOTHING ? undefined : done));
    doThose(slot, "ok", "always");
  }

  /** An answer that is too long to be written at all becomes an error. */
  #encode(tid: string, answer: Answer): string {
    try {
      return okFrame(tid, answer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return errorFrame(tid, new RequestError(304103).data);
    }
  }

  #asFailure(error: unknown, command: string): RequestError {
    if (error instanceof RequestError) return error;
    this.#parts.report(error, command);
    return new RequestError(100002);
  }
}

function doThose({ afterwards }: Slot, one: When, other: When = one): void {
  if (!afterwards) return;
  for (const { task, when } of afterwards) if (when === one || when === other) task();
}

/** The room that a request names. */
function roomOf(request: Request): string | undefined {
  const room_id: unknown =
    request instanceof UsualRequest ? JSON.parse(request.raw("room_id") ?? "null") : request.data.room_id;
  return typeof room_id === "string" && isName(room_id, MAX_ROOM_ID) ? room_id : undefined;
}

function isPipelined(serving: Serving | RequestError): boolean {
  return serving instanceof RequestError || serving.pipelined;
}

/** A request that has to wait is kept as text alone: parsed it can take twenty times the memory. */
function folded(request: Request): Request {
  const { text, fault } = request;
  return {
    ...request,
    get data() {
      return fault ? {} : dataOf(text);
    },
  };
}

function unfolded(request: Request): Request {
  return { ...request };
}

/** The `data` of a frame that was a request when it came. */
function dataOf(text: string): JsonObject {
  const inbound = classify(JSON.parse(text));
  return inbound.kind === "request" ? inbound.data : {};
}
