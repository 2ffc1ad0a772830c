import { command, JsonText, RequestError, type Service, withField } from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** Roles that nobody calls himself who has not the right (R8). */
const SPEAKS_FOR_ROOM: ReadonlySet<string> = new Set(["owner", "moderator"]);

/** R4: the session is subscribed to the room's events; its own arrival follows the answer. */
export const join = (service: Service, members: Members) =>
  command("media/room/join", {
    async run({ data: { room_id, role = "member", after, epoch }, session, afterwards, raw }) {
      const { roomRights, rooms } = service;
      const { identity } = session;
      if (SPEAKS_FOR_ROOM.has(role) && !roomRights.may(identity, "room_moderate", room_id))
        throw new RequestError(100037);
      if (!roomRights.mayReadAll(identity, room_id)) await rooms.came(room_id, identity.user_id);
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
