import type { ServerResponse } from "node:http";
import { isLoopback, refusedByOpenMode } from "../core/loopback.ts";
import { refusedByOrigin } from "../core/origins.ts";
import type { Service } from "../core/service.ts";
import type { PlainRequest, Refused, Upgrade } from "../transport/transport.ts";

/** Where a service is reached on a port (T2), and by whom (T7). */
export interface Entrance {
  readonly path: string;
  readonly service: Service;
  readonly origins: readonly string[] | undefined;
  readonly require_origin: boolean;
  /** Whether a browser is answered with a page (H8). */
  readonly page: boolean;
  /** Whether the port is an application's, of which nobody has checked who can reach it (H10). */
  readonly attached: boolean;
}

/** Where a request wants to go, and the rest of its path behind the entrance's. */
export interface Way {
  readonly entrance: Entrance;
  readonly rest: string;
}

/** The path of an entrance without the slash at its end, so `""` for `/`. */
export function baseOf(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The entrance of an upgrade: the one of this very path, else `/` (T2). */
export function entranceAt(path: string, entrances: readonly Entrance[]): Entrance | undefined {
  const base = baseOf(path);
  return entrances.find((one) => baseOf(one.path) === base) ?? entrances.find((one) => one.path === "/");
}

/** The way of a plain request: the entrance with the longest path that this one begins with. */
export function wayOf(path: string, entrances: readonly Entrance[]): Way | undefined {
  const inside = entrances.filter((one) => isWithin(path, one.path));
  const [entrance] = inside.sort((a, b) => b.path.length - a.path.length);
  return entrance && { entrance, rest: path.slice(baseOf(entrance.path).length) };
}

export function isWithin(path: string, entrance: string): boolean {
  const base = baseOf(entrance);
  return path === base || path.startsWith(`${base}/`);
}

/** Cuts off who takes no byte of an answer for too long (H1), as behind a WebSocket (M11). */
export function cutWhenStalled(outgoing: ServerResponse, { service }: Entrance): void {
  const ms = service.limits.stalled_seconds * 1000;
  outgoing.setTimeout(ms, () => {
    // Nothing waits for him: it is he who waits.
    if (outgoing.writableLength === 0) outgoing.setTimeout(ms);
    else outgoing.destroy();
  });
}

export function notThere(path: string): Refused {
  return { kind: "refuse", status: 404, text: `There is no service at ${path}.` };
}

/** Why somebody may not come in here (L7, T7); undefined when he may. */
export function refusedAt(entrance: Entrance, upgrade: Upgrade): Refused | undefined {
  const text = refusedToStrangers(entrance, upgrade) ?? refusedByOrigin(upgrade.origin, entrance);
  return text === undefined ? undefined : { kind: "refuse", status: 403, text };
}

/**
 * L7: in open mode no page of others uses the interface, also by requests for which browsers send no Origin. To follow a
 * link to the page is no such thing.
 */
export function refusedToForeignPage(
  { entrance, rest }: Way,
  { incoming }: PlainRequest,
): Refused | undefined {
  const isForeign = incoming.headers["sec-fetch-site"] === "cross-site";
  if (!isForeign || !entrance.service.authenticator.open || !rest.startsWith("/v1/")) return undefined;
  // Those of a page of this machine have been judged by it (L7).
  if (incoming.headers.origin !== undefined) return undefined;
  const text = "This server runs without users, so pages of others may not ask it anything. Configure users.";
  return { kind: "refuse", status: 403, text };
}

function refusedToStrangers(
  { service, attached }: Entrance,
  { host, origin, address, forwarded }: Upgrade,
): string | undefined {
  if (!service.authenticator.open) return undefined;
  if (attached && !isLoopback(address))
    return "This server runs without users, so it answers only to programs on its own machine. Configure users.";
  if (forwarded)
    return "This server runs without users, so it answers only to programs on its own machine, not through a proxy. Configure users.";
  return refusedByOpenMode(host, origin);
}
