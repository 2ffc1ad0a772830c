/** A query, and what is changed in it; undefined takes a parameter away. */
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A `Link` header (RFC 8288) to other pages of the list at `path`. */
export function linkHeader(path: string, links: Readonly<Record<string, Query | undefined>>): string {
  return Object.entries(links)
    .flatMap(([rel, query]) => (query ? [`<${path}${queryText(query)}>; rel="${rel}"`] : []))
    .join(", ");
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
