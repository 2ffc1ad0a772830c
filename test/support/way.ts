import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Two sockets, and what came from one of them and was not given to the other yet. */
interface Pair {
  readonly ends: readonly [Socket, Socket];
}

/** A way to a server that can be cut, stalled and slowed down. */
export class Way {
  /** Where it leads; undefined: to nowhere, connections are reset. */
  target: string | undefined;
  /** What passes is held back for so long. */
  delayMs = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #isStalled = false;

  static async listen(target: string | undefined): Promise<Way> {
    const server = createServer();
    const way = new Way(server, target);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return way;
  }

  private constructor(server: Server, target: string | undefined) {
    this.#server = server;
    this.target = target;
    server.on("connection", (socket) => this.#accept(socket));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { ends } of this.#pairs) for (const end of ends) end.resetAndDestroy();
  }

  /** Nothing passes until `flow`; what is cut meanwhile is noticed by nobody. */
  stall(): void {
    this.#isStalled = true;
    for (const { ends } of this.#pairs) for (const end of ends) end.pause();
  }

  flow(): void {
    this.#isStalled = false;
    for (const { ends } of this.#pairs) for (const end of ends) end.resume();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(near: Socket): void {
    if (this.target === undefined) return void near.on("error", () => {}).resetAndDestroy();
    const { hostname, port } = new URL(this.target);
    const far = connect(Number(port), hostname);
    const pair: Pair = { ends: [near, far] };
    this.#pairs.add(pair);
    this.#lead(pair, near, far);
    this.#lead(pair, far, near);
    if (this.#isStalled) for (const end of pair.ends) end.pause();
  }

  #lead(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      if (this.delayMs === 0) to.write(bytes);
      else setTimeout(() => to.write(bytes), this.delayMs);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#pairs.delete(pair);
      to.destroy();
    });
  }
}
