import { command, type Log, RequestError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** M6, M8, M12, M17: without `limit` all that was asked for, or an error that says to page. */
export const get = (log: Log, settings: () => MsglogSettings) =>
  command("media/room/msglog_get", {
    async run({ data: { room_id, order = "asc", limit, where: filter, ...range }, session }) {
      const { max_get_messages, max_get_bytes, max_scan } = settings();
      const query = {
        room_id,
        order,
        ...defined({ ...range, where: whereIn(filter) }),
        limit: limit ?? max_get_messages + 1,
        max_bytes: max_get_bytes,
      };
      const page = await log.page(query, session.identity);
      if (page.read_to !== undefined && page.count === 0)
        throw new RequestError(304103, {
          limit: page.read_to,
          field: order === "asc" ? "after" : "before",
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
