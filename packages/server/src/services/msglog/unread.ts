import { command, type Marks } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** Rooms of a page (M20). */
const PAGE = 1000;

/** M20: of the rooms that are named, or of those in which who asks has a mark. */
export const unread = (marks: Marks) =>
  command("media/room/msglog_unread", {
    judgedBy: "any grant",
    run({ data: { rooms, after, limit = PAGE }, session: { identity } }) {
      if (rooms) return marks.unread(rooms, identity);
      return marks.unreadOfMarked(identity, { ...defined({ after }), limit });
    },
  });
