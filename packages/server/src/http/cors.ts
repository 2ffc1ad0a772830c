import type { PlainRequest } from "../transport/transport.ts";

const EXPOSED = "Link, Location, Retry-After";
const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
  "access-control-max-age": "600",
};

/**
 * Lets a page of another origin, that the listener takes (T7, L7), read what it is answered. Never with credentials of the
 * browser's own: who asks says himself who he is (H9). Whether the request was a mere question about that, which is
 * answered now.
 */
export function answersCors({ incoming, outgoing, origin }: PlainRequest): boolean {
  outgoing.setHeader("vary", "Origin");
  if (origin === undefined) return false;
  outgoing.setHeader("access-control-allow-origin", origin);
  outgoing.setHeader("access-control-expose-headers", EXPOSED);
  if (incoming.method !== "OPTIONS" || !incoming.headers["access-control-request-method"]) return false;
  outgoing.writeHead(204, PREFLIGHT).end();
  return true;
}
