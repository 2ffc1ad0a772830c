import { command, type Replays, RequestError } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** M26: the ok answer precedes the first message. */
export const replay = (replays: Replays, settings: () => MsglogSettings) =>
  command("media/room/msglog_replay", {
    async run({ data: { where, ...asked }, session, afterwards }) {
      const { max_replays: limit } = settings();
      if (replays.countOf(session) >= limit)
        throw new RequestError(100050, { limit, setting: "msglog.max_replays" });
      const { answer, release } = await replays.open(session, {
        ...asked,
        where: whereIn(where, settings()),
      });
      afterwards(release);
      return answer;
    },
  });
