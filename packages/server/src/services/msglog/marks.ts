import { command, type Marks } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** A room has no more (M19). */
const MAX_LIST = 10_000;

/** M19 */
export const marks = (readers: Marks) =>
  command("media/room/msglog_marks", {
    run: ({ data: { room_id, after, limit = MAX_LIST }, session }) =>
      readers.list(room_id, session.identity, { ...defined({ after }), limit }),
  });
