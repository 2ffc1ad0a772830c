import type { Socket } from "node:net";
import type { PlainRequest } from "../transport/transport.ts";

/** The end of a connection's queue. */
interface Queue {
  last: PlainRequest["outgoing"];
  /** Requests that wait for those before them. */
  waiting: number;
}

/**
 * One request of a connection after the other: a later one that was answered first would keep its session until the
 * earlier one, which may wait for that very session, has been answered. While one waits no more are read.
 */
export function inTurn(answer: (request: PlainRequest) => void): (request: PlainRequest) => void {
  const queues = new WeakMap<Socket, Queue>();
  return (request) => {
    const { socket } = request.incoming;
    const before = queues.get(socket);
    const queue = before ?? { last: request.outgoing, waiting: 0 };
    const { last } = queue;
    queue.last = request.outgoing;
    queues.set(socket, queue);
    if (!before || last.closed) return answer(request);
    queue.waiting += 1;
    socket.pause();
    last.once("close", () => {
      queue.waiting -= 1;
      if (socket.destroyed) return;
      // Node reads on by itself when a response has ended.
      if (queue.waiting === 0) socket.resume();
      else socket.pause();
      answer(request);
    });
  };
}
