import { type Cursors, command } from "../../core/plugin.ts";

/** M10: E2 subscriptions stay as they are. */
export const unsubscribe = (cursors: Cursors) =>
  command("media/room/msglog_unsubscribe", {
    judgedBy: "grants",
    run({ data: { room_id }, session }) {
      cursors.close(session, room_id);
      return {};
    },
  });
