import { connect, type Socket } from "node:net";

/** A request that never comes to its end. */
const REQUEST = `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n${"X-Slow: x\r\n".repeat(50)}`;

/** Sockets that each send a byte of a request a second. One that the server closes is opened again. */
export class SlowSockets {
  readonly #port: number;
  /** How many bytes each has sent. */
  readonly #open = new Map<Socket, number>();
  readonly #wanted: number;
  readonly #timer: NodeJS.Timeout;
  /** How many the server has closed. */
  closed = 0;

  /** Resolves when all of them are connected. */
  static async open(url: string, count: number): Promise<SlowSockets> {
    const sockets = new SlowSockets(url, count);
    while (!sockets.#areAllThere()) await new Promise((resolve) => setTimeout(resolve, 20));
    return sockets;
  }

  private constructor(url: string, count: number) {
    this.#port = Number(new URL(url).port);
    this.#wanted = count;
    for (let i = 0; i < count; i++) this.#connect();
    this.#timer = setInterval(() => this.#drip(), 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#open.keys()) socket.removeAllListeners("close").destroy();
    this.#open.clear();
  }

  #areAllThere(): boolean {
    const connected = [...this.#open.keys()].filter(({ connecting }) => !connecting);
    return connected.length === this.#wanted;
  }

  #connect(): void {
    const socket = connect(this.#port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#open.delete(socket);
      this.closed += 1;
      this.#connect();
    });
    socket.resume();
    this.#open.set(socket, 0);
  }

  #drip(): void {
    for (const [socket, sent] of this.#open) {
      socket.write(REQUEST.charAt(sent));
      this.#open.set(socket, sent + 1);
    }
  }
}
