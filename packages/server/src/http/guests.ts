import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { Visitors } from "../core/visitors.ts";
import type { PlainRequest, Refused } from "../transport/transport.ts";
import type { Way } from "./entrances.ts";

interface GuestsParts {
  readonly visitors: Visitors;
  readonly clock: Clock;
}

/** What no session counts: connections that carry plain requests (Q5), and requests that have no session (Q2). */
export class Guests {
  readonly #parts: GuestsParts;
  readonly #sockets = new WeakSet<Socket>();

  constructor(parts: GuestsParts) {
    this.#parts = parts;
  }

  /** Why a request is one too many. */
  refusal(request: PlainRequest, way: Way | undefined): Refused | undefined {
    return this.#arrival(request) ?? this.#excess(request, way);
  }

  #arrival({ incoming: { socket }, outgoing }: PlainRequest): Refused | undefined {
    const { visitors } = this.#parts;
    if (this.#sockets.has(socket)) return undefined;
    const crowded = visitors.enterPlain();
    if (crowded) {
      outgoing.setHeader("connection", "close");
      return { kind: "refuse", ...crowded };
    }
    this.#sockets.add(socket);
    socket.once("close", () => visitors.leavePlain());
    return undefined;
  }

  #excess({ address, incoming }: PlainRequest, way: Way | undefined): Refused | undefined {
    const { visitors, clock } = this.#parts;
    const { authorization } = incoming.headers;
    const isOpen = way?.entrance.service.authenticator.open;
    // Its session counts it, also one that is refused.
    if (isOpen || (authorization !== undefined && way?.rest.startsWith("/v1/"))) return undefined;
    const bytes = incoming.rawHeaders.reduce((sum, { length }) => sum + length, 0);
    const excess = visitors.count(address, bytes, clock);
    if (!excess) return undefined;
    const { name, limit, retry_after_ms } = excess;
    return {
      kind: "refuse",
      status: 429,
      text: `${name}: over ${limit} a second from your address; come again later.`,
      retry_after: Math.ceil(retry_after_ms / 1000),
    };
  }
}
