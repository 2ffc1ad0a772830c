import type { Client } from "./dialect.ts";
import { Latencies } from "./latencies.ts";
import type { Load, LoadOptions } from "./load.ts";
import { nowMicros, sentAt } from "./message.ts";

export interface PacedShape {
  readonly kind: "paced";
  readonly subscribers: number;
  /** Messages a second, sent whether or not the earlier ones have come (open loop). */
  readonly rate: number;
}

const ROOM = "paced";

/** One sender with an even pace, and how long each message takes to each subscriber. */
export async function paced(shape: PacedShape, options: LoadOptions): Promise<Load> {
  const load = new Paced(shape);
  await load.connect(options);
  return load;
}

class Paced implements Load {
  done = 0;
  readonly #shape: PacedShape;
  #client!: Client;
  readonly #latencies = new Latencies();
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(shape: PacedShape) {
    this.#shape = shape;
  }

  async connect({ url, dialect, answers }: LoadOptions): Promise<void> {
    this.#client = await dialect(url, { user: "sender" });
    await this.#client.create(ROOM);
    const delivered = (bytes: Buffer, start: number) => this.#delivered(sentAt(bytes, start));
    for (let i = 0; i < this.#shape.subscribers; i++) {
      const one = await dialect(url, { user: `user-${i}`, answers, delivered });
      await one.subscribe(ROOM);
    }
  }

  start(): void {
    const began = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - began) / 1000) * this.#shape.rate;
      for (; sent < due; sent++) this.#send();
    }, 1);
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return new Promise((resolve) => {
      if (this.#isWhole()) resolve();
      else this.#idle = resolve;
    });
  }

  takeLatencies(): number[] {
    return this.#latencies.take();
  }

  #send(): void {
    this.#sent++;
    this.#client.send(ROOM);
    this.#client.flush();
  }

  #delivered(sent_at: number): void {
    this.done++;
    this.#latencies.add(nowMicros() - sent_at);
    if (this.#isWhole()) this.#idle?.();
  }

  #isWhole(): boolean {
    return this.done === this.#sent * this.#shape.subscribers;
  }
}
