import type { CommandData } from "@roomlog/protocol/commands";
import { command, type Log, RequestError, syntaxError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** Messages of a page around a place when nothing is said. */
const AROUND = 50;
/** What a search may go through because it is not indexed yet. */
const MOST_UNINDEXED = 4096;

/** M6, M8, M12, M17, M18: without `limit` all that was asked for, or an error that says to page. */
export const get = (log: Log, settings: () => MsglogSettings) =>
  command("media/room/msglog_get", {
    async run({
      data: { room_id, order, limit: given, search, rank_after, where: filter, ...range },
      session,
    }) {
      const { max_get_messages, max_get_bytes, max_scan } = settings();
      const limit = given ?? (range.around === undefined ? undefined : AROUND);
      const ranked = rankedIn({ order, search, rank_after, around: range.around });
      const query = {
        room_id,
        order: orderIn(order, search),
        ...defined({ ...range, where: whereIn(filter, settings()) }),
        ...(search !== undefined && {
          search: { text: search, most_unindexed: MOST_UNINDEXED, ...(ranked && { ranked }) },
        }),
        limit: limit ?? max_get_messages + 1,
        max_bytes: max_get_bytes,
      };
      const page = await log.page(query, session.identity);
      if (page.read_to !== undefined && page.count === 0 && query.around !== undefined)
        throw new RequestError(304103, { limit: max_scan, field: "around", setting: "msglog.max_scan" });
      if (page.read_to !== undefined && page.count === 0)
        throw new RequestError(304103, {
          limit: page.read_to,
          field: query.order === "asc" ? "after" : "before",
        });
      if (limit === undefined && page.read_to !== undefined)
        throw new RequestError(304103, { limit: max_scan, field: "limit", setting: "msglog.max_scan" });
      if (limit === undefined && page.cut)
        throw new RequestError(304103, {
          limit: max_get_bytes,
          field: "limit",
          setting: "msglog.max_get_bytes",
        });
      if (limit === undefined && page.count > max_get_messages) {
        throw new RequestError(304103, {
          limit: max_get_messages,
          field: "limit",
          setting: "msglog.max_get_messages",
        });
      }
      return page.messages;
    },
  });

type Given = CommandData<"media/room/msglog_get">;

/** What is searched for comes the newest first (M18). */
function orderIn(order: Given["order"], search: string | undefined): "asc" | "desc" {
  if (order === "asc" || order === "desc") return order;
  return search === undefined ? "asc" : "desc";
}

/** An order by rank is one of what a search finds. Throws 100044 for what makes no sense without, or with it. */
function rankedIn({
  order,
  search,
  rank_after,
  around,
}: Omit<Given, "room_id">): { after?: number } | undefined {
  if (order !== "rank") {
    if (rank_after !== undefined) throw syntaxError("rank_after", "it goes with the order rank alone");
    return undefined;
  }
  if (search === undefined) throw syntaxError("order", "rank is an order of what a search finds");
  if (around !== undefined) throw syntaxError("around", "it does not go with the order rank");
  return rank_after === undefined ? {} : { after: rank_after };
}
