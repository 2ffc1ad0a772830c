/** Which pages a listener takes (T7). */
export interface OriginRule {
  /** As browsers send them; undefined: all. */
  readonly origins: readonly string[] | undefined;
  /** Whether who is no page, and so sends no Origin, is refused too. */
  readonly require_origin: boolean;
}

/** Whether it is written as browsers send it: `scheme://host[:port]`, lower case, without the default port. */
export function isOrigin(text: string): boolean {
  const { protocol, host, pathname } = URL.parse(text) ?? {};
  if (!host || !(pathname === "" || pathname === "/")) return false;
  return text === `${protocol}//${host}` && text === text.toLowerCase() && !text.includes("*");
}

/**
 * Why a listener does not take a page's connection (T7); undefined when it does. The whole header has to be one of
 * the list, so neither a longer name nor two headers in one get by.
 */
export function refusedByOrigin(origin: string | undefined, rule: OriginRule): string | undefined {
  if (!rule.origins) return undefined;
  if (origin === undefined)
    return rule.require_origin ? "This server takes connections of web pages only." : undefined;
  return rule.origins.includes(origin) ? undefined : `Pages of ${origin} may not connect to this server.`;
}
