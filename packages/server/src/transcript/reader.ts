import type { CommandData, CommandResult } from "@roomlog/protocol";

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

/** Page after page, ascending, until there is nothing left. */
export async function* pagesOf(
  reader: Reader,
  query: Omit<PageQuery, "limit">,
): AsyncGenerator<readonly string[]> {
  for (let next = query; ; ) {
    const page = await reader.page({ ...next, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    next = { ...next, after: Number(JSON.parse(last).msg_id) };
  }
}
