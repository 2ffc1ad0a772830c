import { type Client, PAGE } from "./dialect.ts";
import type { Load, LoadOptions } from "./load.ts";

export interface PagesShape {
  readonly kind: "pages";
  readonly readers: number;
  readonly room: string;
  /** How many the room has, with ids from 1. */
  readonly messages: number;
  readonly which: "latest" | "random";
}

/** Readers that each ask for a page as soon as they have the one before. */
export async function pages(shape: PagesShape, options: LoadOptions): Promise<Load> {
  const readers: Reader[] = [];
  for (let i = 0; i < shape.readers; i++) readers.push(await Reader.connect(`reader-${i}`, shape, options));
  return {
    get done() {
      return readers.reduce((sum, { done }) => sum + done, 0);
    },
    start: () => readers.forEach((one) => void one.start()),
    stop: async () => void (await Promise.all(readers.map((one) => one.stop()))),
  };
}

/** The id before which the next page lies; undefined for the newest. */
export function before({ which, messages }: PagesShape): number | undefined {
  return which === "latest" ? undefined : 1 + PAGE + Math.floor(Math.random() * (messages - PAGE));
}

class Reader {
  done = 0;
  readonly #shape: PagesShape;
  #client!: Client;
  #isRunning = false;
  #idle: (() => void) | undefined;

  static async connect(user: string, shape: PagesShape, { url, dialect }: LoadOptions): Promise<Reader> {
    const reader = new Reader(shape);
    reader.#client = await dialect(url, { user, paged: (length) => reader.#paged(length) });
    return reader;
  }

  private constructor(shape: PagesShape) {
    this.#shape = shape;
  }

  start(): void {
    this.#isRunning = true;
    this.#ask();
    this.#client.flush();
  }

  stop(): Promise<void> {
    this.#isRunning = false;
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #ask(): void {
    this.#client.page(this.#shape.room, before(this.#shape));
  }

  #paged(length: number): void {
    if (length < PAGE * 100) throw new Error(`a page of ${length} bytes`);
    this.done++;
    if (this.#isRunning) this.#ask();
    else this.#idle?.();
  }
}
