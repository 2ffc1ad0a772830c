import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { count } from "../core/counts.ts";
import type { Logger } from "../core/logger.ts";
import type { Page } from "../health.ts";
import type { PlainRequest, Refused } from "../transport/transport.ts";
import { httpApp } from "./app.ts";
import type { Bindings, Shared } from "./context.ts";
import { answersCors } from "./cors.ts";
import {
  cutWhenStalled,
  type Entrance,
  notThere,
  refusedAt,
  refusedToForeignPage,
  type Way,
  wayOf,
} from "./entrances.ts";
import { Guests } from "./guests.ts";
import { inTurn } from "./turns.ts";
import { upgradeRequired } from "./upgrade-required.ts";

export type PortRoute = (request: PlainRequest) => Page | Promise<Page>;

/** What a port answers at these very paths, without a login (H1). */
export type PortRoutes = ReadonlyMap<string, PortRoute>;

export interface EdgeParts extends Shared {
  readonly entrances: readonly Entrance[];
  readonly routes: PortRoutes;
  readonly logger: Logger;
  /** Answers, by their status. */
  readonly answers: Map<number, number>;
  /** Told of every request that is not taken. */
  readonly refused: (request: PlainRequest, status: number) => void;
}

/** What is known of a request before it reaches the app. */
type Known = Pick<Bindings, "request" | "way">;

/** What a port answers to requests that are no upgrade (section H). */
export function httpEdge(parts: EdgeParts): (request: PlainRequest) => void {
  const { entrances, routes, pool, parts: poolParts, frame_bytes } = parts;
  const guests = new Guests(poolParts);
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
    const { outgoing } = request;
    outgoing.once("finish", () => count(parts.answers, outgoing.statusCode));
    const way = wayOf(request.path, entrances);
    const route = routes.get(request.path);
    // A listener that claims the very path has it.
    if (route && way?.entrance.path !== request.path) {
      const refusal = refusedByPort(entrances, request);
      if (refusal) return refuse(request, refusal);
      cutWhenStalled(request.outgoing, first);
      return void answerRoute(request, route, parts.logger);
    }
    const refusal = guests.refusal(request, way) ?? refusalAt(way, request);
    if (refusal || !way) return refuse(request, refusal ?? notThere(request.path));
    if (answersCors(request)) return;
    known.set(request.incoming, { request, way });
    void listener(request.incoming, request.outgoing);
  };
  return inTurn(answer);
}

function refusalAt(way: Way | undefined, request: PlainRequest): Refused | undefined {
  if (!way) return notThere(request.path);
  return refusedAt(entranceFor(way), request) ?? refusedToForeignPage(way, request);
}

/** `page` and its files are for everybody who is no page of others: a browser that goes to an address says no Origin. */
function entranceFor({ entrance, rest }: Way): Entrance {
  return rest.startsWith("/v1/") ? entrance : { ...entrance, require_origin: false };
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
