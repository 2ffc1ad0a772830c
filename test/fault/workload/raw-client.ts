/** A connection whose requests of the server are answered by hand, or not at all. */
export interface RawClient {
  /** Calls a command of class core; nobody waits for the answer. */
  call(subclass: string, cmd: string, data: object): void;
  /** Answers a request of the server. */
  answer(tid: unknown): void;
  close(): void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A request of the server. */
export interface Asked {
  readonly cmd: string;
  readonly tid: unknown;
}

/** `asked` gets the requests of the server. */
export async function connectRaw(url: string, asked: (frame: Asked) => void): Promise<RawClient> {
  const socket = new WebSocket(url);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  const send = (frame: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  socket.addEventListener("error", () => {});
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data));
    if (frame.cmd !== undefined) asked(frame);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    closed.then(({ code }) => reject(new Error(`not connected: ${code}`)), reject);
  });
  let tid = 0;
  return {
    call: (subclass, cmd, data) => send({ class: "core", subclass, cmd, data, tid: ++tid }),
    answer: (asked) => send({ result: "ok", tid: asked }),
    close: () => socket.close(1000),
    closed,
  };
}
