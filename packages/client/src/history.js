/** Most messages that one request asks for. */
export const PAGE = 200;
/** Reads page by page, and no further than it is asked for messages. */
export async function* history(get, { signal, order = "desc", limit = Number.POSITIVE_INFINITY, ...query }) {
  const from = order === "asc" ? "after" : "before";
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  let range = Object.fromEntries(given);
  for (let left = limit; left > 0; ) {
    signal?.throwIfAborted();
    const page = await get({ ...range, order, limit: Math.min(left, PAGE) });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    range = { ...range, [from]: last.msg_id };
    left -= page.length;
  }
}
//# sourceMappingURL=history.js.map
