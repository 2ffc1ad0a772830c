import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A connection through the way: the client's end and the server's. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A way to a server that can be cut, stalled and slowed down. */
export class Way {
  /** Where it leads; undefined: to nowhere, connections are reset. */
  target: string | undefined;
  /** What passes is held back for so long. */
  delayMs = 0;
  /** Passes on what the server says. */
  answer: (bytes: Buffer, client: Socket) => void = (bytes, client) => void client.write(bytes);
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Also those of connections that are lost. */
  readonly #sockets = new Set<Socket>();
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
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Nothing passes, either way, until `flow`. */
  stall(): void {
    this.#isStalled = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  flow(): void {
    this.#isStalled = false;
    for (const { near, far } of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  /** What the server says is not heard any more, until `flow`; it still hears the clients. */
  mute(): void {
    for (const { far } of this.#pairs) far.pause();
  }

  /** The connections that are there pass nothing any more, and nobody is told; new ones are not concerned. */
  lose(): void {
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
    this.#pairs.clear();
  }

  async close(): Promise<void> {
    this.target = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(near: Socket): void {
    if (this.target === undefined) return void near.on("error", () => {}).resetAndDestroy();
    const { hostname, port } = new URL(this.target);
    const far = connect(Number(port), hostname);
    const pair = { near, far };
    this.#pairs.add(pair);
    this.#lead(pair, near, (bytes) => far.write(bytes));
    this.#lead(pair, far, (bytes) => this.answer(bytes, near));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    if (this.#isStalled) this.stall();
  }

  #lead(pair: Pair, from: Socket, pass: (bytes: Buffer) => void): void {
    let latest = 0;
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      // However the delay changes, bytes stay in their order.
      latest = Math.max(latest, performance.now() + this.delayMs);
      const ms = Math.ceil(latest - performance.now());
      if (ms <= 0) pass(bytes);
      else setTimeout(() => pass(bytes), ms);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#pairs.delete(pair);
      this.#sockets.delete(from);
    });
  }
}
