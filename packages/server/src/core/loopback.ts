import { isIP } from "node:net";

/** Whether a host name or address means this machine: `localhost`, 127.0.0.0/8, `::1`. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** The host name of a `Host` or `Origin` header; undefined when there is none in it. */
function hostOf(header: string): string | undefined {
  return URL.parse(header.includes("://") ? header : `ws://${header}`)?.hostname;
}

/**
 * Why open mode does not take a connection (L7): without passwords only this machine's own programs and pages
 * may come in. Undefined when it does.
 */
export function refusedByOpenMode(host: string | undefined, origin: string | undefined): string | undefined {
  const said = host === undefined ? undefined : hostOf(host);
  if (said === undefined || !isLoopback(said)) {
    return `This server runs without users, so it answers only to a loopback name such as localhost, not to ${host ?? "a request without a Host"}.`;
  }
  const from = origin === undefined ? said : hostOf(origin);
  if (from === undefined || !isLoopback(from)) {
    return `This server runs without users, so pages of ${origin} may not connect; serve the page from localhost.`;
  }
  return undefined;
}
