import type { Client } from "./dialect.ts";
import type { Load, LoadOptions } from "./load.ts";

export interface FanoutShape {
  readonly kind: "fanout";
  readonly subscribers: number;
  /** Messages that are not yet acknowledged and delivered to all. */
  readonly window: number;
}

const ROOM = "fanout";

/** One sender, many subscribers of one room: the next message goes when one has reached all. */
export async function fanout(shape: FanoutShape, options: LoadOptions): Promise<Load> {
  const load = new Fanout(shape);
  await load.connect(options);
  return load;
}

class Fanout implements Load {
  done = 0;
  readonly #shape: FanoutShape;
  /** To how many each message under way has come, by its number modulo the window. */
  readonly #reached: Uint32Array;
  #client!: Client;
  #sent = 0;
  #acked = 0;
  #whole = 0;
  #isRunning = false;
  #idle: (() => void) | undefined;

  constructor(shape: FanoutShape) {
    this.#shape = shape;
    this.#reached = new Uint32Array(shape.window);
  }

  async connect({ url, dialect, answers }: LoadOptions): Promise<void> {
    this.#client = await dialect(url, { user: "sender", acked: () => this.#ack() });
    await this.#client.create(ROOM);
    for (let i = 0; i < this.#shape.subscribers; i++) {
      let received = 0;
      const delivered = () => this.#delivered(received++);
      const one = await dialect(url, { user: `user-${i}`, answers, delivered });
      await one.subscribe(ROOM);
    }
  }

  start(): void {
    this.#isRunning = true;
    this.#fill();
  }

  stop(): Promise<void> {
    this.#isRunning = false;
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#fill();
    });
  }

  #ack(): void {
    this.#acked++;
    this.#fill();
  }

  #delivered(number: number): void {
    this.done++;
    const at = number % this.#shape.window;
    const reached = ((this.#reached[at] as number) + 1) % this.#shape.subscribers;
    this.#reached[at] = reached;
    if (reached > 0) return;
    this.#whole++;
    this.#fill();
  }

  #fill(): void {
    const finished = Math.min(this.#whole, this.#acked);
    if (!this.#isRunning) {
      if (finished === this.#sent) this.#idle?.();
      return;
    }
    const most = finished + this.#shape.window;
    if (this.#sent >= most) return;
    for (; this.#sent < most; this.#sent++) this.#client.send(ROOM);
    this.#client.flush();
  }
}
