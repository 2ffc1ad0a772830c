import { once } from "node:events";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredMessage } from "@roomlog/protocol";
import { eventIn } from "../../support/event-stream.ts";
import type { Random } from "../frame/random.ts";
import { type Actor, MOST_CALLS, type Site, seen } from "./connect.ts";

/** It breaks the connection off after so many messages. */
const FEWEST_MESSAGES = 1;
const MOST_MESSAGES = 60;
/** Now and then it reads nothing for so long. */
const LONGEST_NAP_MS = 50;
const LONGEST_WAIT_MS = 20;
const LEVEL_LIMIT_MS = 60_000;
const POLL_MS = 10;

/** Reads a room's events over HTTP (H7), is cut off again and again, and goes on behind the last id it has seen. */
export class SseFollower {
  readonly #name: string;
  readonly #room: string;
  readonly #random: Random;
  readonly #onCut: () => void;
  #last = 0;
  #epoch: string | undefined;
  #connections = 0;

  constructor(name: string, room: string, { random, onCut }: { random: Random; onCut: () => void }) {
    this.#name = name;
    this.#room = room;
    this.#random = random;
    this.#onCut = onCut;
  }

  async begin(site: Site): Promise<Actor> {
    let leaving = false;
    let stop = () => {};
    const follow = async () => {
      for (let n = 0; n < MOST_CALLS && !leaving; n++) {
        const request = this.#request(site);
        stop = () => void request.destroy();
        if (!(await this.#read(request, site))) return;
        await sleep(this.#random.int(0, LONGEST_WAIT_MS));
      }
    };
    const ended = follow();
    return {
      ended,
      leave: async () => {
        for (let ms = 0; ms < LEVEL_LIMIT_MS && this.#last < (site.tips.get(this.#room) ?? 0); ms += POLL_MS)
          await sleep(POLL_MS);
        leaving = true;
        stop();
        await ended;
      },
    };
  }

  #request({ url, record }: Site): ClientRequest {
    const connection = ++this.#connections;
    record({ kind: "resume", subscriber: this.#name, connection, room: this.#room, after: this.#last });
    const path = `/v1/rooms/${this.#room}/events${this.#epoch === undefined ? "" : `?epoch=${this.#epoch}`}`;
    const headers = { "last-event-id": String(this.#last) };
    return get(new URL(path, url.replace(/^ws/, "http")), { agent: false, headers });
  }

  /** Reads until it cuts the connection or that ends by itself; whether the server was there. */
  async #read(request: ClientRequest, site: Site): Promise<boolean> {
    const response = await once(request, "response").then(
      ([found]) => found as IncomingMessage,
      () => undefined,
    );
    request.on("error", () => {});
    if (!response) return false;
    if (response.statusCode !== 200) {
      site.fault(`events were answered with ${response.statusCode}`);
      request.destroy();
      return false;
    }
    let patience = this.#random.int(FEWEST_MESSAGES, MOST_MESSAGES);
    let text = "";
    response.setEncoding("utf8").on("error", () => {});
    response.on("data", (more: string) => {
      text += more;
      const blocks = text.split("\n\n");
      text = blocks.pop() as string;
      for (const block of blocks) {
        if (request.destroyed) return;
        if (this.#take(block, site)) patience -= 1;
        if (patience <= 0) this.#cut(request);
      }
      this.#nap(response);
    });
    await new Promise((resolve) => response.once("close", resolve));
    return true;
  }

  #cut(request: ClientRequest): void {
    this.#onCut();
    if (this.#random.int(0, 1) === 0) request.destroy();
    else request.socket?.resetAndDestroy();
  }

  #nap(response: IncomingMessage): void {
    if (this.#random.int(0, 9) > 0) return;
    response.pause();
    setTimeout(() => response.resume(), this.#random.int(1, LONGEST_NAP_MS));
  }

  /** Whether it was a message. */
  #take(block: string, site: Site): boolean {
    const { id, event, data = "" } = eventIn(block) ?? {};
    if (event === "subscribed") this.#begun(data, site);
    if (id === undefined || event !== undefined) return false;
    const message = seen(JSON.parse(data) as StoredMessage);
    if (id !== String(message.msg_id)) site.fault(`the id ${id} stands at ${message.msg_id}`);
    const place = { subscriber: this.#name, connection: this.#connections, room: this.#room };
    site.record({ kind: "event", ...place, ...message });
    this.#last = message.msg_id;
    return true;
  }

  #begun(answer: string, { record }: Site): void {
    const { epoch, recovered, first_id } = JSON.parse(answer);
    if (recovered && first_id === 1) this.#epoch ??= epoch;
    else record({ kind: "astray", subscriber: this.#name, room: this.#room, after: this.#last, answer });
  }
}
