import {
  command,
  JsonText,
  type OpenSession,
  RequestError,
  type Service,
  withField,
} from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** Roles that nobody calls himself who has not the right (R8). */
const SPEAKS_FOR_ROOM: ReadonlySet<string> = new Set(["owner", "moderator"]);

/** Makes a room that is not there, owned by nobody; undefined when that is not wanted. */
type Ensure = (wanted: {
  readonly session: OpenSession;
  readonly room_id: string;
  readonly owner: undefined;
}) => Promise<void> | undefined;

/** R4: the session is subscribed to the room's events; its own arrival follows the answer. */
export const join = (service: Service, members: Members, ensure: Ensure) =>
  command("media/room/join", {
    async run({ data: { room_id, role = "member", after, epoch, where }, session, afterwards, raw }) {
      const { roomRights, rooms } = service;
      const { identity } = session;
      await ensure({ session, room_id, owner: undefined });
      if (!roomRights.mayReadAll(identity, room_id)) await rooms.came(room_id, identity.user_id);
      const from = { after, epoch, where };
      const position = await service.hooks.run("room.join", { session, room_id, from, afterwards }, () =>
        service.rooms.living(room_id, () => {
          if (session.isClosed) throw new RequestError(100061);
          // Something may have changed since the command began.
          roomRights.require(identity, "room_join", room_id);
          if (SPEAKS_FOR_ROOM.has(role) && !roomRights.may(identity, "room_moderate", room_id))
            throw new RequestError(100037);
          const limit = service.limits.subscriptions;
          const isNew = !members.has(room_id, identity.session_id);
          const count = Math.max(service.hub.countOf(session), members.countOf(identity.session_id));
          if (isNew && count >= limit)
            throw new RequestError(100050, { limit, setting: "limits.subscriptions" });
          const meta = raw("meta");
          afterwards(members.join(room_id, session, { role, ...(meta && { meta: JsonText.kept(meta) }) }));
          service.rooms.touch(room_id);
          service.hub.subscribe(session, { class: "media", subclass: "room", obj_id: room_id });
          return {};
        }),
      );
      // As they are now, so that the answer knows all that was told before it.
      return withField(position, "members", members.of(room_id));
    },
  });
