const OK = '{"result":"ok"';
const ROOM = "bench";
const LOGIN = '{"class":"core","subclass":"user","cmd":"login","data":{"user":"bench"},"tid":"login"}';
const CREATE = `{"class":"media","subclass":"room","cmd":"create","data":{"class":"chat","room_id":"${ROOM}"},"tid":"create"}`;

export interface SenderOptions {
  readonly inFlight: number;
  /** The JSON text of every message. */
  readonly message: string;
}

/**
 * Keeps a number of sends unanswered, one room, one connection. Frames are put together from text and answers
 * are told by their beginning, so that the load costs little beside the server.
 */
export class Sender {
  /** Sends answered ok so far. */
  acked = 0;
  readonly #socket: WebSocket;
  readonly #inFlight: number;
  readonly #head: string;
  #sent = 0;
  #running = false;
  readonly #closed: Promise<CloseEvent>;
  #idle: () => void = () => {};

  /** Connected, logged in, its room created. */
  static async connect(url: string, options: SenderOptions): Promise<Sender> {
    const socket = new WebSocket(url);
    await opened(socket);
    for (const request of [LOGIN, CREATE]) await call(socket, request);
    return new Sender(socket, options);
  }

  private constructor(socket: WebSocket, { inFlight, message }: SenderOptions) {
    this.#socket = socket;
    this.#inFlight = inFlight;
    this.#head = `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"${ROOM}","msg":${message}},"tid":`;
    socket.onmessage = ({ data }) => this.#answered(data);
    this.#closed = new Promise((resolve) => {
      socket.onclose = resolve;
    });
  }

  start(): void {
    this.#running = true;
    for (let i = 0; i < this.#inFlight; i++) this.#send();
  }

  /** Resolves when everything sent is answered. */
  async stop(): Promise<void> {
    this.#running = false;
    if (this.acked === this.#sent) return;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    const closed = await Promise.race([idle, this.#closed]);
    if (closed) throw new Error(`The server closed the connection: ${closed.code} ${closed.reason}`);
  }

  #send(): void {
    this.#sent += 1;
    this.#socket.send(`${this.#head}${this.#sent}}`);
  }

  #answered(text: string): void {
    if (!text.startsWith(OK)) return answer(this.#socket, text);
    this.acked += 1;
    if (this.#running) this.#send();
    else if (this.acked === this.#sent) this.#idle();
  }
}

function opened(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = () => reject(new Error("The server cannot be reached."));
  });
}

/** Resolves with the ok answer. */
function call(socket: WebSocket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      if (data.startsWith(OK)) resolve();
      else answer(socket, data);
    };
    socket.onclose = ({ reason }) => reject(new Error(`The server closed the connection: ${reason}`));
    socket.send(request);
  });
}

/** What is not an ok answer: the server's pings are answered, acks passed over. */
function answer(socket: WebSocket, text: string): void {
  const frame = JSON.parse(text);
  if (frame.result !== undefined) throw new Error(`The server refused: ${text}`);
  if (frame.class !== undefined) socket.send(JSON.stringify({ result: "ok", tid: frame.tid }));
}
