import { type Condition, healthz, readyz } from "./health.ts";
import type { PortRoute, PortRoutes } from "./http/edge.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { type Asked, type MetricsSettings, metricsPage } from "./metrics/page.ts";
import { isForwarded } from "./transport/client.ts";
import { plainAddress } from "./transport/proxies.ts";
import type { PlainRequest } from "./transport/transport.ts";

export interface RouteParts {
  readonly condition: () => Condition;
  readonly metrics: Metrics;
  /** As they stand now (S4). */
  readonly settings: () => MetricsSettings;
}

/** What every port answers by itself (O1–O3). */
export function portRoutes({ condition, metrics, settings }: RouteParts): PortRoutes {
  return new Map<string, PortRoute>([
    ["/healthz", () => healthz(condition())],
    ["/readyz", () => readyz(condition())],
    [
      "/metrics",
      async (request) => {
        const page = await metricsPage(metrics, askedBy(request), settings());
        if (page.status === 401) request.outgoing.setHeader("www-authenticate", "Bearer");
        return page;
      },
    ],
  ]);
}

function askedBy({ incoming, host, origin }: PlainRequest): Asked {
  const { socket, headers } = incoming;
  return {
    peer: plainAddress(socket.remoteAddress ?? ""),
    host,
    origin,
    authorization: headers.authorization,
    isForwarded: isForwarded(incoming),
  };
}
