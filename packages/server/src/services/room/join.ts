import { command, JsonText, RequestError, type Service, withField } from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** R4: the session is subscribed to the room's events; its own arrival follows the answer. */
export const join = (service: Service, members: Members) =>
  command("media/room/join", {
    async run({ data: { room_id, role = "member", after, epoch }, session, afterwards, raw }) {
      const from = { after, epoch };
      const answer = await service.hooks.run("room.join", { session, room_id, from, afterwards }, () =>
        service.rooms.living(room_id, () => {
          if (session.isClosed) throw new RequestError(100061);
          const limit = service.limits.subscriptions;
          const isNew = !members.has(room_id, session.identity.session_id);
          if (isNew && service.hub.countOf(session) >= limit) throw new RequestError(100050, { limit });
          const meta = raw("meta");
          afterwards(members.join(room_id, session, { role, ...(meta && { meta: JsonText.kept(meta) }) }));
          service.rooms.touch(room_id);
          service.hub.subscribe(session, { class: "media", subclass: "room", obj_id: room_id });
          return { members: members.of(room_id) };
        }),
      );
      const { members: all, ...position } = answer;
      return withField(position, "members", all);
    },
  });
