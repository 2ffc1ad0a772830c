import { type CommandData, type CommandResult, goesOn } from "@roomlog/protocol";

/** Where a transcript is read: a server, its own log, or a data folder. */
export interface Reader {
  /** Where a log stands; `epoch` names a life of the room (M12). */
  log(
    room_id: string,
    epoch?: string,
  ): Promise<Pick<CommandResult<"media/room/msglog_info">, "epoch" | "last_id">>;
  /** The digest of a log up to an entry (M23). */
  digest(log: { readonly room_id: string; readonly epoch: string; readonly at: number }): Promise<string>;
  /** A page of a log (M8), each message as its JSON text (M2). */
  page(query: PageQuery): Promise<readonly string[]>;
}

export type PageQuery = CommandData<"media/room/msglog_get"> & { readonly limit: number };

/** Messages of a page: the most a server gives at once (M8). */
const PAGE = 1000;

/** Page after page, ascending unless the query says otherwise, until there is nothing left or `most` messages are there. */
export async function* pagesOf(
  reader: Pick<Reader, "page">,
  query: Omit<PageQuery, "limit">,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly string[]> {
  const { order = "asc", around } = query;
  let next = query;
  for (let left = most; left > 0; ) {
    const page = await reader.page({ ...next, limit: Math.min(left, PAGE) });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    // There is one page around a message.
    if (around !== undefined) return;
    left -= page.length;
    next = { ...next, [goesOn[order]]: Number(JSON.parse(last).msg_id) };
  }
}
