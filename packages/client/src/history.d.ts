import type { CommandData, StoredMessage } from "@roomlog/protocol";
import type { CallOptions } from "./connection.ts";

type Query = CommandData<"media/room/msglog_get">;
/** Which messages; all that is given has to hold (M8). Times in µs since 1970, half-open; ids exclusive. */
export interface HistoryOptions extends CallOptions {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly from_time?: number | undefined;
  readonly to_time?: number | undefined;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  /** `desc`, the newest first, unless it is said. */
  readonly order?: "asc" | "desc" | undefined;
  /** Most messages in all; no bound by default. */
  readonly limit?: number | undefined;
  /** Another life of the room, or `last` for the newest that ended (M12). */
  readonly epoch?: string | undefined;
}
/** Most messages that one request asks for. */
export declare const PAGE = 200;
/** Reads page by page, and no further than it is asked for messages. */
export declare function history(
  get: (query: Omit<Query, "room_id">) => Promise<StoredMessage[]>,
  { signal, order, limit, ...query }: HistoryOptions,
): AsyncGenerator<StoredMessage, void>;
