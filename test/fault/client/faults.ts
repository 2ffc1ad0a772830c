import { setTimeout as sleep } from "node:timers/promises";
import type { Way } from "../../support/way.ts";
import type { Random } from "../frame/random.ts";
import { ServerProcess } from "../frame/server-process.ts";

export interface Place {
  readonly way: Way;
  readonly data: string;
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
  readonly main: string;
  readonly random: Random;
  readonly silent_ms: number;
}

/** A server behind a way on which everything goes wrong. */
export class Trouble {
  readonly #place: Place;
  #server: ServerProcess | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  async start(): Promise<void> {
    const { way, ...options } = this.#place;
    this.#server = await ServerProcess.start(options);
    way.target = this.#server.url;
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  async stop(): Promise<void> {
    this.#place.way.target = undefined;
    await this.#server?.stop();
  }

  /** Brings one fault about, any if none is named, and returns its name; it is over then. */
  async happens(named?: Fault): Promise<Fault> {
    const { random, way } = this.#place;
    way.delayMs = random.pick([0, 0, 0, 5, 20]);
    const fault = named ?? random.pick(often);
    await faults[fault](this.#place, this);
    return fault;
  }

  async kill(): Promise<void> {
    this.#place.way.target = undefined;
    await this.#server?.kill();
  }
}

export type Fault = keyof typeof faults;

const faults = {
  /** SIGKILL, and a new server. */
  async kill({ random }: Place, trouble: Trouble) {
    await trouble.kill();
    await sleep(random.int(0, 300));
    await trouble.start();
  },
  /** An orderly stop (T5), and a new server. */
  async stop(_place: Place, trouble: Trouble) {
    await trouble.stop();
    await trouble.start();
  },
  async cut({ way }: Place) {
    way.cut();
  },
  /** Sends arrive and their answers do not. */
  async mute({ way, random }: Place) {
    way.mute();
    await sleep(random.int(10, 200));
    way.cut();
  },
  /** Shorter than the client's patience, or longer. */
  async stall({ way, random, silent_ms }: Place) {
    way.stall();
    await sleep(random.int(50, 3 * silent_ms));
    way.flow();
  },
  /** Connections vanish without a word. */
  async lose({ way, silent_ms }: Place) {
    way.lose();
    await sleep(2.5 * silent_ms);
  },
};

const often: readonly Fault[] = [
  "kill",
  "kill",
  "kill",
  "stop",
  "cut",
  "cut",
  "cut",
  "mute",
  "mute",
  "stall",
  "lose",
];
