import { expect, type Figures, type Target } from "./fuzzer.ts";
import { FuzzServer } from "./server.ts";
import { WireClient } from "./wire-client.ts";

/** A turn of the event loop that takes longer delays everybody. */
const LONGEST_TURN_MS = 50;

/**
 * A server that is fuzzed, and a client that behaves: after each input the server lives, has met no error, was not
 * busy for too long, and still serves that client.
 */
export class ServerTarget<Input> implements Target<Input> {
  readonly #home: string;
  readonly #try: (input: Input, url: string) => Promise<void>;
  #server: FuzzServer | undefined;
  #calm: WireClient | undefined;
  #longest = { cpuMs: 0, wallMs: 0 };

  /** `attempt` does what the input says and judges what is seen of it from outside. */
  static async open<Input>(
    home: string,
    attempt: (input: Input, url: string) => Promise<void>,
  ): Promise<ServerTarget<Input>> {
    const target = new ServerTarget(home, attempt);
    await target.#start();
    return target;
  }

  private constructor(home: string, attempt: (input: Input, url: string) => Promise<void>) {
    this.#home = home;
    this.#try = attempt;
  }

  async check(input: Input): Promise<void> {
    const cpuMs = await this.#attempt(input);
    if (cpuMs < LONGEST_TURN_MS) return;
    // Compiling and collecting come once; what an input costs comes again.
    const again = await this.#attempt(input);
    expect(again < LONGEST_TURN_MS, () => `the event loop was busy for ${Math.round(again)} ms, twice`);
  }

  async figures(): Promise<Figures> {
    return { ...this.#longest, heap: (await this.#server?.heap()) ?? 0 };
  }

  async close(): Promise<void> {
    await this.#calm?.close();
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** How long the longest turn took. */
  async #attempt(input: Input): Promise<number> {
    if (!this.#server?.isAlive) await this.#start();
    const server = this.#server as FuzzServer;
    try {
      await this.#try(input, server.url);
    } catch (error) {
      await this.#judge(server);
      throw error;
    }
    return this.#judge(server);
  }

  /** A server that died, or a fault inside, says more than what was seen from outside. */
  async #judge(server: FuzzServer): Promise<number> {
    const { faults, cpuMs, wallMs } = await server.look();
    expect(faults.length === 0, () => faults.join("\n"));
    const answer = await this.#calm?.call("core/core/ping").catch(String);
    expect(answer?.startsWith('{"result":"ok"'), () => `a client that behaves was disturbed: ${answer}`);
    this.#longest = {
      cpuMs: Math.max(this.#longest.cpuMs, cpuMs),
      wallMs: Math.max(this.#longest.wallMs, wallMs),
    };
    return cpuMs;
  }

  async #start(): Promise<void> {
    this.#server = await FuzzServer.start(this.#home);
    this.#calm = await WireClient.login(this.#server.url, "calm", "calm");
    await this.#server.look();
  }
}
