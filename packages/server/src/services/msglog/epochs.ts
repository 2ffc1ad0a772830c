import { command, type Log, RequestError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** The longest list that is answered without `limit`. */
const MAX_LIST = 1000;

/** M12: the ended lives of a room. */
export const epochs = (log: Log) =>
  command("media/room/msglog_epochs", {
    async run({ data: { room_id, before, limit }, session }) {
      const query = { room_id, ...defined({ before }), limit: limit ?? MAX_LIST + 1 };
      const lives = await log.endedLives(query, session.identity);
      if (limit === undefined && lives.length > MAX_LIST) {
        throw new RequestError(304103, { limit: MAX_LIST, field: "limit" });
      }
      return lives.map(({ destroyed_at = 0, ...life }) => ({ ...life, destroyed_at }));
    },
  });
