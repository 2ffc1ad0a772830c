import { command, type Replays } from "../../core/plugin.ts";

/** M26: nothing of it comes after the answer. */
export const replayStop = (replays: Replays) =>
  command("media/room/msglog_replay_stop", {
    judgedBy: "grants",
    run({ data: { replay }, session }) {
      replays.close(session, replay);
      return {};
    },
  });
