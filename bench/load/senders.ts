import type { Client } from "./dialect.ts";
import { Latencies } from "./latencies.ts";
import type { Load, LoadOptions } from "./load.ts";

export interface SendersShape {
  readonly kind: "senders";
  readonly senders: number;
  readonly rooms: number;
  /** Sends that each sender keeps unacknowledged. */
  readonly inFlight: number;
}

/** Senders that send to each room in turn and keep a number of sends in flight. */
export async function senders(shape: SendersShape, options: LoadOptions): Promise<Load> {
  const rooms = Array.from({ length: shape.rooms }, (_, i) => `room-${i}`);
  const all: Sender[] = [];
  for (let i = 0; i < shape.senders; i++) {
    const first = Math.floor((i * rooms.length) / shape.senders);
    all.push(await Sender.connect(`user-${i}`, { ...options, rooms, first, inFlight: shape.inFlight }));
  }
  if (!options.isFilled) for (const room of rooms) await all[0]?.create(room);
  return {
    get done() {
      return all.reduce((sum, { acked }) => sum + acked, 0);
    },
    start: () => all.forEach((one) => void one.start()),
    takeLatencies: () => all.flatMap((one) => one.takeLatencies()),
    stop: async () => void (await Promise.all(all.map((one) => one.stop()))),
  };
}

interface SenderOptions extends LoadOptions {
  readonly rooms: readonly string[];
  /** The room that it sends to first. */
  readonly first: number;
  readonly inFlight: number;
}

class Sender {
  acked = 0;
  readonly #options: SenderOptions;
  #client!: Client;
  /** When each send that is in flight was sent, by its number modulo their count. */
  readonly #sentAt: Float64Array;
  readonly #latencies = new Latencies();
  #sent = 0;
  #isRunning = false;
  #idle: (() => void) | undefined;

  static async connect(user: string, options: SenderOptions): Promise<Sender> {
    const sender = new Sender(options);
    sender.#client = await options.dialect(options.url, { user, acked: () => sender.#acked() });
    return sender;
  }

  private constructor(options: SenderOptions) {
    this.#options = options;
    this.#sentAt = new Float64Array(options.inFlight);
  }

  create(room: string): Promise<void> {
    return this.#client.create(room);
  }

  start(): void {
    this.#isRunning = true;
    for (let i = 0; i < this.#options.inFlight; i++) this.#send();
    this.#client.flush();
  }

  stop(): Promise<void> {
    this.#isRunning = false;
    return new Promise((resolve) => {
      if (this.acked === this.#sent) resolve();
      else this.#idle = resolve;
    });
  }

  takeLatencies(): number[] {
    return this.#latencies.take();
  }

  #send(): void {
    const { rooms, first, inFlight } = this.#options;
    this.#sentAt[this.#sent % inFlight] = performance.now();
    this.#client.send(rooms[(first + this.#sent++) % rooms.length] as string);
  }

  #acked(): void {
    const sent = this.#sentAt[this.acked % this.#options.inFlight] as number;
    this.#latencies.add((performance.now() - sent) * 1000);
    this.acked++;
    if (this.#isRunning) this.#send();
    else if (this.acked === this.#sent) this.#idle?.();
  }
}
