import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Random } from "../frame/random.ts";

export const SECRET = "a secret of the fault program";

/** What it does with a request; of two of them it has taken what it was told. */
type Mood =
  | "take"
  | "take slowly"
  | "take, answer lost"
  | "refuse"
  | "ask to wait"
  | "reset"
  | "silence"
  | "redirect";

const MOODS: readonly Mood[] = [
  ...Array<Mood>(16).fill("take"),
  "take slowly",
  "take slowly",
  "take, answer lost",
  "take, answer lost",
  "refuse",
  "refuse",
  "ask to wait",
  "reset",
  "reset",
  "silence",
  "redirect",
];

const SLOW_MS = 100;
/** A cursor is written within a second of the answer (W2); the rest is the machine's. */
const KEPT_AFTER_MS = 5000;

interface Payload {
  readonly room_id: string;
  /** Without an `id` when the body was erased before it was told (M21). */
  readonly messages: readonly { readonly msg_id: number; readonly id?: string }[];
}

/** What is known of a room. */
interface Heard {
  /** The newest message that was taken: all up to it were. */
  taken: number;
  /** The newest one of which the server has got the answer 2xx in this life of it. */
  confirmed: number;
  /** Confirmed so long ago that it must have been written down before the server was killed. */
  kept: number;
  readonly confirmations: { readonly at: number; readonly msg_id: number }[];
  /** The request that is under way. */
  open: ServerResponse | undefined;
  /** What each message was, by its id. */
  readonly ids: Map<number, string>;
}

/** A receiver of webhooks that fails at random, and judges what comes (W2). */
export class WildReceiver {
  readonly counts = { requests: 0, failed: 0, repeated: 0 };
  /** Whether it takes everything from now on. */
  isTame = false;
  readonly #random: Random;
  readonly #fault: (what: string) => void;
  readonly #rooms = new Map<string, Heard>();
  /** Connections of the living server. */
  #connections = new WeakSet<object>();
  readonly #server = createServer((request, response) => {
    this.#receive(request, response).catch((error: unknown) => {
      // A request that breaks off, since the server was killed.
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") this.#fault(`webhook: ${error}`);
    });
  });

  constructor(random: Random, fault: (what: string) => void) {
    this.#random = random;
    this.#fault = fault;
  }

  /** Its address. */
  async listen(): Promise<string> {
    this.#server.on("connection", (socket) => this.#connections.add(socket));
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The newest message of a room that was taken. */
  taken(room: string): number {
    return this.#heard(room).taken;
  }

  /** What a message was. */
  idOf(room: string, msg_id: number): string | undefined {
    return this.#heard(room).ids.get(msg_id);
  }

  /** The server was killed. What was answered just before may come again, and nothing else. */
  serverEnded(): void {
    this.#connections = new WeakSet();
    const long = performance.now() - KEPT_AFTER_MS;
    for (const heard of this.#rooms.values()) {
      const kept = heard.confirmations.filter(({ at }) => at < long).map(({ msg_id }) => msg_id);
      heard.open = undefined;
      heard.kept = Math.max(heard.kept, ...kept);
      heard.confirmed = 0;
      heard.confirmations.length = 0;
    }
  }

  #heard(room: string): Heard {
    const heard = this.#rooms.get(room) ?? {
      taken: 0,
      confirmed: 0,
      kept: 0,
      confirmations: [],
      open: undefined,
      ids: new Map(),
    };
    this.#rooms.set(room, heard);
    return heard;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.counts.requests += 1;
    this.#checkSignature(String(request.headers["roomlog-signature"]), body);
    const { room_id, messages }: Payload = JSON.parse(body);
    const heard = this.#heard(room_id);
    this.#checkAlone(room_id, heard, response);
    this.#check(room_id, heard, messages);
    const mood = this.isTame ? "take" : this.#random.pick(MOODS);
    if (mood.startsWith("take")) this.#take(heard, messages);
    else this.counts.failed += 1;
    await this.#answer(mood, response);
    const isSeen = response.writableFinished && this.#connections.has(request.socket);
    if (mood === "take" && isSeen) this.#confirm(heard, messages.at(-1)?.msg_id ?? 0);
  }

  #checkSignature(header: string, body: string): void {
    const [, seconds, given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    const right = createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex");
    if (given !== right) this.#fault(`webhook: the signature ${header} is wrong`);
  }

  /** Of a room there is one request at a time (W2). That one has ended may be heard a little later than that another came. */
  #checkAlone(room: string, heard: Heard, response: ServerResponse): void {
    const { open } = heard;
    heard.open = response;
    if (!open || open.closed) return;
    setTimeout(() => {
      if (!open.closed) this.#fault(`webhook: ${room} has two requests at once`);
    }, SLOW_MS / 2);
  }

  #check(room: string, { taken, confirmed, kept, ids }: Heard, messages: Payload["messages"]): void {
    const first = messages[0]?.msg_id ?? 0;
    if (first > taken + 1) this.#fault(`webhook: ${room} has a hole: ${first} came behind ${taken}`);
    if (first <= confirmed) this.#fault(`webhook: ${room} repeats ${first}, answered up to ${confirmed}`);
    if (first <= kept) this.#fault(`webhook: ${room} repeats ${first}, written down up to ${kept}`);
    messages.forEach(({ msg_id, id }, i) => {
      if (msg_id !== first + i)
        this.#fault(`webhook: ${room} is out of order: ${msg_id} behind ${first + i - 1}`);
      if (id !== undefined && (ids.get(msg_id) ?? id) !== id)
        this.#fault(`webhook: ${room} has changed ${msg_id}`);
    });
  }

  #take(heard: Heard, messages: Payload["messages"]): void {
    for (const { msg_id, id } of messages) {
      if (msg_id <= heard.taken) this.counts.repeated += 1;
      heard.taken = Math.max(heard.taken, msg_id);
      if (id !== undefined) heard.ids.set(msg_id, id);
    }
  }

  #confirm(heard: Heard, msg_id: number): void {
    heard.confirmed = msg_id;
    heard.confirmations.push({ at: performance.now(), msg_id });
  }

  /** Resolves when it has left this program, or will not. */
  async #answer(mood: Mood, response: ServerResponse): Promise<void> {
    const end = (status: number, headers = {}) =>
      new Promise<void>((resolve) => {
        response.on("close", resolve).writeHead(status, headers).end(resolve);
      });
    switch (mood) {
      case "take":
        return end(200);
      case "take slowly":
        setTimeout(() => void end(204), SLOW_MS);
        return;
      case "refuse":
        return end(500);
      case "ask to wait":
        return end(503, { "retry-after": "0" });
      case "redirect":
        return end(307, { location: "/elsewhere" });
      case "take, answer lost":
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "silence":
        return;
    }
  }
}
