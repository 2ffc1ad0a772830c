import type { Socket } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Logger } from "../core/logger.ts";
import type { Page } from "../health.ts";
import type { PlainRequest, Refused } from "../transport/transport.ts";
import { httpApp } from "./app.ts";
import type { Bindings, Shared } from "./context.ts";
import { answersCors } from "./cors.ts";
import { cutWhenStalled, type Entrance, notThere, refusedAt, type Way, wayOf } from "./entrances.ts";
import { upgradeRequired } from "./upgrade-required.ts";

export type PortRoute = (request: PlainRequest) => Page | Promise<Page>;

/** What a port answers at these very paths, without a login (H1). */
export type PortRoutes = ReadonlyMap<string, PortRoute>;

export interface EdgeParts extends Shared {
  readonly entrances: readonly Entrance[];
  readonly routes: PortRoutes;
  readonly logger: Logger;
  /** Told of every request that is not taken. */
  readonly refused: (request: PlainRequest, status: number) => void;
}

/** What is known of a request before it reaches the app. */
type Known = Pick<Bindings, "request" | "way">;

/** What a port answers to requests that are no upgrade (section H). */
export function httpEdge(parts: EdgeParts): (request: PlainRequest) => void {
  const { entrances, routes, pool, parts: poolParts, frame_bytes } = parts;
  // What the port answers by itself is small, so any listener's patience will do.
  const [first] = entrances as readonly [Entrance, ...Entrance[]];
  const app = httpApp(parts.logger, (c) => upgradeRequired(c.env.request));
  const known = new WeakMap<object, Known>();
  const listener = getRequestListener(
    (request, env) => {
      const found = known.get(env.incoming) as Known;
      return app.fetch(request, { ...(env as HttpBindings), ...found, pool, parts: poolParts, frame_bytes });
    },
    // An application's own must not be replaced.
    { overrideGlobalObjects: false },
  );
  const refuse = (request: PlainRequest, refusal: Refused) => {
    cutWhenStalled(request.outgoing, first);
    parts.refused(request, refusal.status);
    answerRefused(request, refusal);
  };
  const answer = (request: PlainRequest) => {
    const way = wayOf(request.path, entrances);
    const route = routes.get(request.path);
    // A listener that claims the very path has it.
    if (route && way?.entrance.path !== request.path) {
      const refusal = refusedByPort(entrances, request);
      if (refusal) return refuse(request, refusal);
      cutWhenStalled(request.outgoing, first);
      return void answerRoute(request, route, parts.logger);
    }
    if (!way) return refuse(request, notThere(request.path));
    const refusal = refusedAt(entranceFor(way), request);
    if (refusal) return refuse(request, refusal);
    if (answersCors(request)) return;
    known.set(request.incoming, { request, way });
    void listener(request.incoming, request.outgoing);
  };
  return inTurn(answer);
}

/** `page` and its files are for everybody who is no page of others: a browser that goes to an address says no Origin. */
function entranceFor({ entrance, rest }: Way): Entrance {
  return rest.startsWith("/v1/") ? entrance : { ...entrance, require_origin: false };
}

/**
 * One request of a connection after the other: a later one that was answered first would keep its session until the
 * earlier one, which may wait for that very session, has been answered.
 */
function inTurn(answer: (request: PlainRequest) => void): (request: PlainRequest) => void {
  const last = new WeakMap<Socket, PlainRequest["outgoing"]>();
  return (request) => {
    const { socket } = request.incoming;
    const before = last.get(socket);
    last.set(socket, request.outgoing);
    const go = () => {
      if (!socket.destroyed) answer(request);
    };
    if (before && !before.closed) before.once("close", go);
    else go();
  };
}

/** L7 holds for what the port answers too; T7 is the listeners' own. */
function refusedByPort(entrances: readonly Entrance[], request: PlainRequest): Refused | undefined {
  for (const entrance of entrances) {
    const refusal = refusedAt({ ...entrance, origins: undefined }, request);
    if (refusal) return refusal;
  }
  return undefined;
}

async function answerRoute(request: PlainRequest, route: PortRoute, logger: Logger): Promise<void> {
  const { outgoing } = request;
  try {
    const { status, type, body } = await route(request);
    outgoing.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
  } catch (error) {
    logger.error({ err: error, path: request.path }, "an HTTP request failed");
    outgoing.writeHead(500).end();
  }
}

function answerRefused({ outgoing }: PlainRequest, { status, text, retry_after }: Refused): void {
  if (retry_after !== undefined) outgoing.setHeader("retry-after", retry_after);
  outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
