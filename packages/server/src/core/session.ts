import { type CloseCode, closeCodes, MAX_CLOSE_REASON_BYTES } from "@roomlog/protocol";
import type { Connection, Ended, Receiver } from "../transport/transport.ts";
import { isAudited, Told, type Who } from "./audit.ts";
import type { EventFrames, Most, Place, Stretch } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import { Feed, type FeedParts } from "./feed.ts";
import { requestFrame, type ServerRequest } from "./frames.ts";
import { inboundOf } from "./inbound.ts";
import { fits, type JsonText } from "./json-text.ts";
import type { SessionLimits } from "./limits.ts";
import { Meter } from "./meter.ts";
import type { Excess, Shared } from "./rates.ts";
import { Reading, type ReadingParts } from "./reading.ts";
import { type Request, Requests, type RequestsParts, type Serving } from "./requests.ts";
import type { Rights } from "./rights.ts";
import type { Service } from "./service.ts";
import type { Tracing } from "./tracing.ts";
import { type Replied, type Reply, Unanswered } from "./unanswered.ts";

/** Who a connection belongs to after login. */
export interface Identity {
  readonly user_id: string;
  readonly session_id: string;
  readonly rights: Rights;
  /** What the client said about itself, as text: parsed it can take twenty times the memory. */
  readonly meta?: JsonText;
}

type State =
  | { readonly name: "new"; since: number; failures: number }
  | { readonly name: "open"; identity: Identity; nextPing: number; endsAt: number }
  | { readonly name: "closed" };

type SecondsLimit = "answer_seconds" | "login_seconds" | "idle_seconds" | "stalled_seconds";

/** What the usual answer to an event says. */
const PLAIN_OK: Reply = { result: "ok", data: undefined };

/** The delay of the first refused login; each further one doubles it (L3). */
const FIRST_REFUSAL_MS = 100;

/** One connection of a client: its frames, its login, its requests and those of the server to it. */
export class Session implements Receiver, FeedParts, ReadingParts, RequestsParts {
  readonly #service: Service;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #unanswered = new Unanswered();
  /** The events for the client (M11). */
  readonly feed: Feed;
  /** Most connections are never refused anything. */
  #told: Told | undefined;
  /** The connections that come from where this one comes from. */
  readonly address: Shared;
  /** All sessions of its user, after login. */
  user: Shared | undefined;
  /** Counts what is received; not in open mode (L7). */
  #meter: Meter | undefined;
  /** Most are always read from. */
  #reading: Reading | undefined;
  #state: State;
  /** Since the last sweep some frame went in or out (T4). */
  #busy = true;
  #idleSince = 0;
  /** What the socket had taken at the sweep before, and since when it has been no more (M11). */
  #takenBytes = 0;
  #takenSince = 0;

  constructor(service: Service, connection: Connection, address: Shared) {
    this.#service = service;
    this.#connection = connection;
    this.address = address;
    this.#state = { name: "new", since: service.clock.monotonic(), failures: 0 };
    // Itself, not objects of functions: there are many sessions, and most are idle.
    this.feed = new Feed(this);
    this.#requests = new Requests(this);
  }

  get home(): string {
    return this.#service.name;
  }

  get limits(): SessionLimits {
    return this.#service.limits;
  }

  /** Undefined before login and after the end. */
  get identity(): Identity | undefined {
    return this.#state.name === "open" ? this.#state.identity : undefined;
  }

  /** Where the client is: `ws:127.0.0.1:41116`. */
  get remote(): string {
    return this.#connection.remote;
  }

  /** Whether an id that an authenticator gives (L16) is not for this connection. */
  get ownId(): boolean {
    return this.#connection.ownId === true;
  }

  get isClosed(): boolean {
    return this.#state.name === "closed";
  }

  frame(text: string, bytes: number): void {
    if (this.isClosed) return;
    this.#busy = true;
    if (this.#state.name === "new" && !this.#fitsBeforeLogin(text)) return;
    const inbound = inboundOf(text, this.#service.limits.frame_values);
    switch (inbound.kind) {
      case "request":
        return this.#add(inbound.request, bytes);
      case "ok":
        if (!this.#settle(inbound.tid, PLAIN_OK)) this.#count(1, bytes);
        return;
      case "reply":
        return void this.#count(this.#settle(inbound.tid, inbound.reply) ? 0 : 1, bytes);
      case "ack":
        return this.#extend(inbound.tid, bytes);
      case "malformed":
        return this.close(closeCodes.malformed_frame, inbound.reason);
    }
  }

  binary(): void {
    this.close(closeCodes.binary_frame, "text frames only");
  }

  heard(): void {
    this.#busy = true;
    this.#count(1, 0);
  }

  drained(): void {
    if (this.isClosed) return;
    this.feed.serve();
    this.#requests.run();
    this.#reading?.goOn();
  }

  closed(how: Ended): void {
    this.#end(how);
  }

  /**
   * Logs the connection in until `endsAt`, in milliseconds of the monotonic clock; the caller has made sure that nobody
   * else holds the session id. `user` are all sessions of that name.
   */
  open(identity: Identity, endsAt: number, user: Shared): void {
    this.#state = { name: "open", identity, nextPing: Number.POSITIVE_INFINITY, endsAt };
    this.#service.audit.login(this.#who());
    this.user = user;
    this.#meter?.login(user);
    this.address.strangers -= 1;
  }

  /** Goes on with other rights, until `endsAt` (L12). */
  renew(rights: Rights, endsAt: number): void {
    if (this.#state.name !== "open") return;
    this.#state.identity = { ...this.#state.identity, rights };
    this.#state.endsAt = endsAt;
  }

  /** While a login is decided the time to log in stands still; it begins anew with the answer (L3). */
  async deciding<Decision>(decision: Promise<Decision>): Promise<Decision> {
    if (this.#state.name === "new") this.#state.since = Number.POSITIVE_INFINITY;
    try {
      return await decision;
    } finally {
      if (this.#state.name === "new") this.#state.since = this.#service.clock.monotonic();
    }
  }

  /** The error of a login refused to who claims to be `user`, after a delay that doubles each time (L3). */
  async loginRefused(user: string | undefined, reasons: readonly string[]): Promise<RequestError> {
    const { audit, clock, limits } = this.#service;
    audit.loginRefused(this.#who(), user, reasons);
    const state = this.#state;
    const failures = state.name === "new" ? ++state.failures : 1;
    const delay = FIRST_REFUSAL_MS * 2 ** (failures - 1);
    await new Promise<void>((resolve) => clock.after(delay, resolve));
    const isLast = failures >= limits.login_failures;
    return new RequestError(100030, isLast ? { close: closeCodes.login_failures } : {});
  }

  /** Begins to ping the client (F9). */
  startPings(): void {
    if (this.#service.limits.ping_seconds > 0) this.#ping();
  }

  deliver(events: EventFrames, place: Place): void {
    this.feed.deliver(events, place);
  }

  follow(lane: string, stretch: Stretch): void {
    this.feed.follow(lane, stretch);
  }

  pass(place: Place): void {
    this.feed.pass(place);
  }

  /**
   * Asks the client something; `replied` gets its answer, or undefined when the connection ended first, or when so
   * much waits for its socket that nothing more is put there.
   */
  request(request: ServerRequest, replied: Replied): void {
    if (this.isClosed || this.isBlocked()) {
      return queueMicrotask(() => replied(undefined));
    }
    const tid = this.#service.nextTid();
    this.#send(requestFrame(request, tid));
    this.#unanswered.add(tid, this.#connection.sent, replied);
  }

  /** Whether the client answers a ping within `ms` (L4). */
  answersWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#service.clock.after(ms, () => resolve(false));
      // One that does not read has the whole time to begin to.
      if (this.isBlocked()) return;
      this.request(this.#pingRequest, (reply) => {
        stop();
        resolve(reply !== undefined);
      });
    });
  }

  /** Does what is due by the clock; called about once a second. `now` is monotonic, in milliseconds. */
  sweep(now: number): void {
    const state = this.#state;
    if (state.name === "closed") return;
    this.#meter?.sweep(now);
    if (state.name === "open" && now >= state.endsAt)
      return this.close(closeCodes.token_expired, "the login has expired: log in with a new token");
    if (state.name === "open" && now >= state.nextPing) this.#ping();
    if (this.#isOverdue(now))
      return this.#closeFor(
        closeCodes.not_answered,
        "answer_seconds",
        "a request of the server was not answered",
      );
    if (this.#isStalled(now))
      return this.#closeFor(closeCodes.too_slow, "stalled_seconds", "the socket took nothing");
    this.feed.serve();
    if (state.name === "new" && this.#isPast(now - state.since, "login_seconds")) {
      return this.#closeFor(closeCodes.login_timeout, "login_seconds", "no login");
    }
    if (this.#busy) this.#idleSince = now;
    this.#busy = false;
    if (this.#isPast(now - this.#idleSince, "idle_seconds"))
      this.#closeFor(closeCodes.idle, "idle_seconds", "no frame");
  }

  /** The client may have answered in time, and was not listened to (F8). */
  notHeard(): void {
    this.#unanswered.restart();
  }

  /** Resolves when every request received so far has been answered. */
  finished(): Promise<void> {
    return this.#requests.finished();
  }

  /** Ends the connection and says why (T3). */
  close(code: CloseCode, reason: string): void {
    if (this.isClosed) return;
    this.#end({ by: "server", code, reason });
    this.#connection.close(code, cut(reason));
  }

  serve(request: Request): Serving {
    return this.#service.serve(request, this);
  }

  traced(command: string): ReturnType<Tracing["command"]> | undefined {
    return this.#service.tracing?.command(command, this.#service.name);
  }

  sendAnswer(frame: string): void {
    this.#send(frame);
  }

  answered(): void {
    this.#reading?.goOn();
  }

  /** Whether so much waits for the socket that nothing more is put there. */
  isBlocked(): boolean {
    return this.#connection.waiting > this.#service.limits.session_queue_bytes;
  }

  failed(error: RequestError, of: { readonly command: string; readonly room_id: string | undefined }): void {
    this.#service.counts.failed(error.code, error.details.setting);
    if (!(this.identity && isAudited(error))) return;
    this.#told ??= new Told();
    this.#service.audit.failed(this.#who(), { error, ...of }, this.#told);
  }

  /** Gives back what tells the audit log that an act of who is logged in now is done: by then he may be gone. */
  act(command: string, fields: object): () => void {
    const who = this.#who();
    return () => this.#service.audit.admin(who, command, fields);
  }

  report(error: unknown, command: string): void {
    this.#service.logger.error({ err: error, command, ...this.#who() }, "a command failed");
  }

  /** Events go out as far as the window allows, and fit into what may wait for the socket or meet it empty (M11). */
  takes(events: number, bytes: number): boolean {
    const { window, session_queue_bytes } = this.#service.limits;
    const { waiting } = this.#connection;
    if (this.#unanswered.events + events > window) return false;
    return waiting + bytes <= session_queue_bytes || (waiting === 0 && events === 1);
  }

  room(): Most {
    const { window, session_queue_bytes } = this.#service.limits;
    return {
      events: window - this.#unanswered.events,
      bytes: Math.max(1, session_queue_bytes - this.#connection.waiting),
    };
  }

  sendEvents(events: EventFrames): void {
    this.#service.counts.deliveries += events.texts.length;
    this.#send(events);
    this.#unanswered.addEvents(events.tid, events.texts.length, this.#connection.sent);
  }

  overflowed(): void {
    const { session_queue_bytes: limit } = this.#service.limits;
    this.close(closeCodes.too_slow, `limits.session_queue_bytes: over ${limit} bytes of events wait`);
  }

  readFailed(error: unknown): void {
    this.#service.logger.error({ err: error, ...this.#who() }, "a log could not be read for a subscriber");
    this.close(
      closeCodes.internal_error,
      "the log could not be read; connect again and go on from the last id",
    );
  }

  /** L9: what a stranger sends is measured before any work goes into it. */
  #fitsBeforeLogin(text: string): boolean {
    const { login_frame_bytes: limit } = this.#service.limits;
    if (fits(text, limit)) return true;
    this.close(
      closeCodes.frame_too_large,
      `limits.login_frame_bytes: frame over ${limit} bytes before login`,
    );
    return false;
  }

  /** Whether it was an answer to something. */
  #settle(tid: unknown, reply: Reply): boolean {
    const isAsked = this.#unanswered.settle(tid, reply);
    this.feed.serve();
    return isAsked;
  }

  #extend(tid: unknown, bytes: number): void {
    const { clock, limits } = this.#service;
    const until = clock.monotonic() + limits.extended_answer_seconds * 1000;
    const isAsked = this.#unanswered.extend(tid, until, limits.acks);
    this.#count(isAsked ? 0 : 1, bytes);
  }

  #add(request: Request, bytes: number): void {
    this.#service.counts.requests += 1;
    const excess = this.#count(1, bytes);
    if (this.isClosed) return;
    this.#requests.add(excess ? this.#refused(request, excess) : request);
    if (!this.isClosed && this.isFull()) this.#readingNow.stop();
  }

  /** Q2: counts what was received. What was over a limit is not read on from before time has passed (Q3). */
  #count(requests: number, bytes: number): Excess | undefined {
    if (this.#service.authenticator.open) return undefined;
    this.#meter ??= new Meter(this.#service, this.address, this.user);
    const excess = this.#meter.count(requests, bytes);
    if (excess) this.#slowDown(this.#meter, excess);
    return excess;
  }

  #slowDown(meter: Meter, { name, retry_after_ms }: Excess): void {
    if (this.isClosed) return;
    const reading = this.#readingNow;
    // Also before the end: what still comes until the other side has closed is not read any more.
    reading.stop();
    if (meter.isTooMuch) {
      const { rate_refusals } = this.#service.limits;
      return this.close(
        closeCodes.rate,
        `limits.rate_refusals: over ${name}, ${rate_refusals} times too often`,
      );
    }
    reading.rest(meter, retry_after_ms);
  }

  /** Only what an answer needs is kept. */
  #refused({ class: cls, subclass, cmd, tid }: Request, { name, limit, retry_after_ms }: Excess): Request {
    const code = this.#service.overRate({ class: cls, subclass, cmd });
    const fault = new RequestError(code, { limit, retry_after_ms, setting: name });
    return { class: cls, subclass, cmd, data: {}, tid, text: "", fault };
  }

  get #readingNow(): Reading {
    this.#reading ??= new Reading(this.#service.clock, this.#connection, this);
    return this.#reading;
  }

  /** Whether so many requests, or such long ones, are unanswered that nothing more is read (F6). */
  isFull(): boolean {
    const { requests_in_flight, session_queue_bytes } = this.#service.limits;
    if (this.#requests.size >= requests_in_flight) return true;
    return this.#requests.waitingLength > session_queue_bytes;
  }

  resumed(): void {
    this.#unanswered.restart();
  }

  /** Whether the socket has taken no byte for too long while some wait for it (M11). */
  #isStalled(now: number): boolean {
    const { sent, waiting } = this.#connection;
    const bytes = sent - waiting;
    if (waiting === 0 || bytes !== this.#takenBytes) {
      this.#takenBytes = bytes;
      this.#takenSince = now;
    }
    return this.#isPast(now - this.#takenSince, "stalled_seconds");
  }

  #isPast(ms: number, limit: SecondsLimit): boolean {
    return ms >= this.#service.limits[limit] * 1000;
  }

  #closeFor(code: CloseCode, limit: SecondsLimit, what: string): void {
    this.close(code, `limits.${limit}: ${what} in ${this.#service.limits[limit]} s`);
  }

  /** Whether the client left a request of the server unanswered for too long (F8). */
  #isOverdue(now: number): boolean {
    if (this.#reading?.isStopped) {
      this.#unanswered.restart();
      return false;
    }
    const handed = this.#connection.sent - this.#connection.waiting;
    return this.#unanswered.isOverdue(now, handed, this.#service.limits.answer_seconds * 1000);
  }

  get #pingRequest(): ServerRequest {
    return { class: "core", cmd: "ping", data: { time: this.#service.limits.ping_seconds } };
  }

  #ping(): void {
    if (this.#state.name !== "open") return;
    this.#state.nextPing = this.#service.clock.monotonic() + this.#service.limits.ping_seconds * 1000;
    this.request(this.#pingRequest, nobodyWaits);
  }

  #send(frames: string | EventFrames): void {
    this.#busy = true;
    this.#connection.send(frames);
  }

  #end(how: Ended): void {
    if (this.isClosed) return;
    this.#service.audit.closed(this.#who(), how, this.#told);
    if (how.by === "server") this.#service.counts.closed(how.code, settingIn(how.reason));
    this.#service.leave(this);
    this.#state = { name: "closed" };
    this.#reading?.end();
    this.#requests.end();
    this.feed.end();
    this.#unanswered.end();
  }

  #who(): Who {
    return {
      remote: this.#connection.remote,
      user: this.identity?.user_id,
      session: this.identity?.session_id,
    };
  }
}

function nobodyWaits(): void {}

/** The setting of the limit that a connection is closed for: the reason begins with it (T3). */
function settingIn(reason = ""): string | undefined {
  return /^(limits\.\w+): /.exec(reason)?.[1];
}

/** The reason as far as it fits into a close frame. */
function cut(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_CLOSE_REASON_BYTES) return reason;
  return bytes
    .subarray(0, MAX_CLOSE_REASON_BYTES)
    .toString()
    .replace(/\ufffd$/, "");
}
