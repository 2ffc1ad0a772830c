import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../../fault/frame/within.ts";
import { askToUpgrade, type Frame, maskedFrame, takeFrames } from "../../support/raw-socket.ts";
import { SECRET } from "./config.ts";

const TEXT = 0x81;
const CLOSE = 8;
/** Without a frame, in milliseconds. */
const LIMIT_MS = 10_000;

/** A client that writes bytes and sees frames. What the server asks it answers with ok, until told otherwise. */
export class WireClient {
  /** Text frames received and not yet taken. */
  readonly #texts: string[] = [];
  /** The close frame of the server; 1006 when it ended without one. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Resolves, for all who wait, when something has come. */
  #news = Promise.withResolvers<void>();
  #ended = false;
  #isAnswering = true;

  static async connect(url: string): Promise<WireClient> {
    const { socket, response } = askToUpgrade(url, {}, { noDelay: true });
    const head = await within(LIMIT_MS, response, "an answer to the handshake");
    if (!head.startsWith("HTTP/1.1 101")) throw new Error(`no handshake: ${head}`);
    return new WireClient(socket);
  }

  /** Connected, logged in as a user of the configuration. */
  static async login(url: string, user: string, session_id?: string): Promise<WireClient> {
    const client = await WireClient.connect(url);
    const login = () => client.call("core/user/login", { user, password: SECRET, session_id });
    let answer = await login();
    // So many from one address have to wait for each other (L17).
    for (let tries = 0; answer.includes('"code":100050') && tries < 5; tries++) {
      await sleep(200);
      answer = await login();
    }
    if (!answer.startsWith('{"result":"ok"')) throw new Error(`login refused: ${answer}`);
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const ended = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = ended.promise;
    socket.on("data", (bytes) => {
      const frames: Frame[] = [];
      this.#rest = takeFrames(Buffer.concat([this.#rest, bytes]), frames);
      for (const { opcode, payload } of frames) {
        if (opcode === 1) this.#take(payload.toString());
        if (opcode !== CLOSE) continue;
        ended.resolve(closeOf(payload));
        socket.destroy();
      }
      this.#tell();
    });
    socket.on("close", () => {
      this.#ended = true;
      ended.resolve({ code: 1006, reason: "" });
      this.#tell();
    });
  }

  get isClosed(): boolean {
    return this.#ended;
  }

  /** From now on it answers nothing by itself. */
  silent(): this {
    this.#isAnswering = false;
    return this;
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  send(...texts: readonly string[]): void {
    this.write(Buffer.concat(texts.map((text) => maskedFrame(TEXT, text))));
  }

  /** Texts received so far and not taken yet. */
  take(): string[] {
    return this.#texts.splice(0);
  }

  /** Waits until something of what has come fits; returns undefined when the connection ends first. */
  async until(fits: (text: string) => boolean, ms = LIMIT_MS): Promise<string | undefined> {
    for (;;) {
      const found = this.#texts.find(fits);
      if (found !== undefined || this.#ended) return found;
      await within(ms, this.#news.promise, "a frame of the server");
    }
  }

  /** The answer's text. Events and answers to others stay. Rejects when the connection ends first. */
  async call(name: string, data: object = {}): Promise<string> {
    const [cls, subclass, cmd] = name.split("/");
    const tid = randomBytes(8).toString("hex");
    this.send(JSON.stringify({ class: cls, subclass, cmd, data, tid }));
    const answer = await this.until(
      (text) => text.startsWith('{"result":') && text.endsWith(`"tid":"${tid}"}`),
    );
    if (answer === undefined) throw new Error(`${name}: the connection ended before the answer`);
    this.#texts.splice(this.#texts.indexOf(answer), 1);
    return answer;
  }

  /** Ends it in order (`end`), or at once. */
  async close(how: "end" | "reset" = "end"): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    if (how === "reset") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    await closed;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #take(text: string): void {
    this.#texts.push(text);
    const tid = this.#isAnswering ? /^\{"class":.*"tid":(\d+)\}$/s.exec(text)?.[1] : undefined;
    if (tid !== undefined) this.send(`{"result":"ok","tid":${tid}}`);
  }
}

function closeOf(payload: Buffer): { code: number; reason: string } {
  if (payload.length < 2) return { code: 1005, reason: "" };
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
}
