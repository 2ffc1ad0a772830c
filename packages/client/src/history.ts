import { type CommandData, type Filter, goesOn, readOn, type StoredMessage } from "@roomlog/protocol";
import { CallError, type CallOptions } from "./connection.ts";

type Query = CommandData<"media/room/msglog_get">;

/** Which messages; all that is given has to hold (M8). Times in µs since 1970, half-open; ids exclusive. */
export interface HistoryOptions extends CallOptions {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly from_time?: number | undefined;
  readonly to_time?: number | undefined;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  /** Only messages that refer to this one (M16). */
  readonly ref?: number | undefined;
  /** Also how many messages refer to each, in `log.refs` (M16). */
  readonly refs?: boolean | undefined;
  /** Also all wordings of edited messages, in `log.versions` (M15). */
  readonly versions?: boolean | undefined;
  /** Words that are in them (M18). */
  readonly search?: string | undefined;
  /** One page only: what stands around this message, of the range too (M18). */
  readonly around?: number | undefined;
  /** `desc`, the newest first, unless it is said; around a message `asc`. `rank` puts the best of a search first. */
  readonly order?: "asc" | "desc" | "rank" | undefined;
  /** Most messages in all; no bound by default. */
  readonly limit?: number | undefined;
  /** Another life of the room, or `last` for the newest that ended (M12). */
  readonly epoch?: string | undefined;
  /** Only messages that the filter means (M17). */
  readonly where?: Filter | undefined;
}

/** Most messages that one request asks for. */
export const PAGE = 200;

/** Reads page by page, and no further than it is asked for messages. */
export async function* history(
  get: (query: Omit<Query, "room_id">) => Promise<StoredMessage[]>,
  { signal, order, limit = Number.POSITIVE_INFINITY, ...query }: HistoryOptions,
): AsyncGenerator<StoredMessage, void> {
  const isPage = query.around !== undefined;
  const by = order ?? (isPage ? "asc" : "desc");
  // What is undefined is left out where it becomes JSON.
  let range = query as Omit<Query, "room_id">;
  for (let left = limit; left > 0; ) {
    signal?.throwIfAborted();
    const { messages: page, read_to } = await scanned(
      get({ ...range, order: by, limit: Math.min(left, PAGE) }),
    );
    yield* page;
    const last = page.at(-1)?.msg_id ?? read_to;
    if (last === undefined || isPage) return;
    range = { ...range, [goesOn[by]]: last };
    left -= page.length;
  }
}

/** A page; when a filter has examined as much as it may without finding one (M8), up to where. */
export async function scanned(
  page: Promise<StoredMessage[]>,
): Promise<{ readonly messages: readonly StoredMessage[]; readonly read_to?: number | undefined }> {
  try {
    return { messages: await page };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const [read_to] = Object.values(readOn(error.data) ?? {});
    if (read_to === undefined) throw error;
    return { messages: [], read_to };
  }
}
