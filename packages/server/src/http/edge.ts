import type { PlainRequest, Refused } from "../transport/transport.ts";
import { type Entrance, notThere, refusedAt, type Way, wayOf } from "./entrances.ts";

/** An answer that stands on its own. */
export interface PortAnswer {
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly body: string;
}

/** What a port answers at these very paths, without a login (H1). */
export type PortRoutes = ReadonlyMap<string, (request: PlainRequest) => PortAnswer | Promise<PortAnswer>>;

export interface EdgeParts {
  readonly entrances: readonly Entrance[];
  readonly routes: PortRoutes;
  /** Told of every request that is not taken. */
  readonly refused: (request: PlainRequest, status: number) => void;
}

/** What a port answers to requests that are no upgrade (H1). */
export function httpEdge({ entrances, routes, refused }: EdgeParts): (request: PlainRequest) => void {
  const refuse = (request: PlainRequest, refusal: Refused) => {
    refused(request, refusal.status);
    answerRefused(request, refusal);
  };
  return (request) => {
    const way = wayOf(request.path, entrances);
    const route = routes.get(request.path);
    // A listener that claims the very path has it.
    if (route && way?.entrance.path !== request.path) {
      const guarded = entrances.map((entrance) => refusedToPort(entrance, request)).find(Boolean);
      return guarded ? refuse(request, guarded) : void answerRoute(request, route);
    }
    if (!way) return refuse(request, notThere(request.path));
    const refusal = refusedAt(way.entrance, request);
    if (refusal) return refuse(request, refusal);
    answerWay(request, way);
  };
}

function answerRefused({ outgoing }: PlainRequest, { status, text, retry_after }: Refused): void {
  if (retry_after !== undefined) outgoing.setHeader("retry-after", retry_after);
  if (status === 426) outgoing.setHeader("upgrade", "websocket").setHeader("connection", "upgrade");
  outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

/** L7 holds for what the port answers too; T7 is the listeners' own. */
function refusedToPort(entrance: Entrance, request: PlainRequest): Refused | undefined {
  return refusedAt({ ...entrance, origins: undefined }, request);
}

async function answerRoute(
  request: PlainRequest,
  route: (request: PlainRequest) => PortAnswer | Promise<PortAnswer>,
): Promise<void> {
  const { status, type, body } = await route(request);
  request.outgoing.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

function answerWay(request: PlainRequest, _way: Way): void {
  const text = `Roomlog speaks WebSocket here; connect with a ${request.secure ? "wss" : "ws"}:// address.`;
  answerRefused(request, { kind: "refuse", status: 426, text });
}
