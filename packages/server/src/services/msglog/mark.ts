import { command, type Marks, whenDone } from "../../core/plugin.ts";

/** M19: answered when it is durable. */
export const mark = (marks: Marks) =>
  command("media/room/msglog_mark", {
    pipelined: true,
    run({ data: { room_id, msg_id, epoch }, session: { identity } }) {
      const { user_id } = identity;
      return whenDone((settle) => marks.set({ room_id, user_id, msg_id, epoch }, settle));
    },
  });
