import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback, refusedByOpenMode } from "../core/loopback.ts";
import { type Page, said } from "../health.ts";
import type { Metrics } from "./metrics.ts";

/** Who asks for the metrics. */
export interface Asked {
  /** Where the connection itself comes from, whatever a proxy says. */
  readonly peer: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** Whether a header says that somebody else asks through a proxy. */
  readonly isForwarded: boolean;
}

export interface MetricsSettings {
  readonly enabled: boolean;
  readonly token?: string | undefined;
}

/** O3: for who has the token; when there is none, for programs on this machine. */
export async function metricsPage(
  metrics: Metrics,
  asked: Asked,
  { enabled, token }: MetricsSettings,
): Promise<Page> {
  if (!enabled) return said(404, "metrics.enabled is false.");
  if (token !== undefined && !isToken(asked.authorization, token))
    return said(401, "The metrics need the header Authorization: Bearer TOKEN, with metrics.token.");
  if (token === undefined && !isFromHere(asked))
    return said(
      403,
      "The metrics are for this machine only. To ask from others set metrics.token and send it: Authorization: Bearer TOKEN.",
    );
  return { status: 200, ...(await metrics.text()) };
}

function isToken(authorization: string | undefined, token: string): boolean {
  const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** A proxy on this machine is not who asks, and a page whose name leads here is none of ours (DNS rebinding). */
function isFromHere({ peer, host, origin, isForwarded }: Asked): boolean {
  return isLoopback(peer) && !isForwarded && refusedByOpenMode(host, origin) === undefined;
}
