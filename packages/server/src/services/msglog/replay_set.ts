import { command, type Replays } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** M26: the ok answer precedes the first message of the new place. */
export const replaySet = (replays: Replays) =>
  command("media/room/msglog_replay_set", {
    run({ data: { room_id, replay: id, ...change }, session, afterwards }) {
      afterwards(replays.hold(session, id), "always");
      return replays.set(session, { room_id, id }, defined(change));
    },
  });
