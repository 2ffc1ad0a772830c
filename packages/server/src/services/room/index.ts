import type * as z from "zod";
import { definePlugin, gauge, type OpenSession, Quota, type Service } from "../../core/plugin.ts";
import { ban } from "./ban.ts";
import { create } from "./create.ts";
import { destroy } from "./destroy.ts";
import { getInfo } from "./get_info.ts";
import { getList } from "./get_list.ts";
import { getRoles } from "./get_roles.ts";
import { grant } from "./grant.ts";
import { join } from "./join.ts";
import { kick } from "./kick.ts";
import { leave } from "./leave.ts";
import { Maker } from "./maker.ts";
import { Members } from "./members.ts";
import { Memory } from "./memory.ts";
import { mute } from "./mute.ts";
import { sendInfo } from "./send_info.ts";
import { setAccess } from "./set_access.ts";
import { setStatus } from "./set_status.ts";
import { settings } from "./settings.ts";
import { Statuses } from "./statuses.ts";
import { Timeouts } from "./timeouts.ts";

const SWEEP_MS = 1000;

/** Rooms, their members and status; rooms survive a restart, what is in them for the moment does not (R1–R11). */
export const room = definePlugin({
  name: "room",
  needs: ["core"],
  settings,
  setup(service, { default_timeout, max_rooms, member_grace_seconds, memory_bytes, create_on_join }) {
    let classOnJoin = create_on_join;
    const quota = new Quota(max_rooms);
    const memory = new Memory(memory_bytes);
    const members = new Members(service, memory, member_grace_seconds);
    const statuses = new Statuses(memory);
    const timeouts = new Timeouts(service, default_timeout);
    const maker = new Maker(service, timeouts, quota);
    service.rooms.onActivity((room_id) => timeouts.touch(room_id));
    service.rooms.onEnded((room_id) => {
      quota.give(1);
      timeouts.end(room_id);
      statuses.end(room_id);
      for (const session_id of members.end(room_id)) unsubscribe(service, session_id, room_id);
    });
    service.rooms.onRights((room_id, user_id) => members.judgeAnew(room_id, user_id));
    return {
      commands: [
        create(service, maker),
        destroy(service),
        getList(service),
        getInfo(service, members, statuses),
        join(
          service,
          members,
          (wanted) => classOnJoin && maker.ensure({ ...wanted, info: { class: classOnJoin } }),
        ),
        leave(service, members),
        grant(service),
        getRoles(service),
        kick(service, members),
        ban(service),
        mute(service),
        setAccess(service),
        setStatus(service, statuses),
        sendInfo(service),
      ],
      hooks: {
        "core.opened": (session, next) => {
          next(session);
          for (const room_id of members.back(session)) subscribe(service, session, room_id);
        },
        "core.ended": (session, next) => {
          next(session);
          members.lost(session);
        },
      },
      measures: [gauge("roomlog_rooms", "Rooms that exist.", () => quota.held)],
      update(changed) {
        const { default_timeout, max_rooms, member_grace_seconds, memory_bytes, create_on_join } =
          changed as z.infer<typeof settings>;
        classOnJoin = create_on_join;
        quota.limit = max_rooms;
        memory.limit = memory_bytes;
        members.graceSeconds = member_grace_seconds;
        timeouts.defaultSeconds = default_timeout;
      },
      async start() {
        await service.rooms.load((room) => timeouts.add(room));
        quota.start(await service.rooms.count());
        return service.clock.every(SWEEP_MS, () => {
          const now = service.clock.monotonic();
          members.sweep(now);
          timeouts.sweep(now);
        });
      },
    };
  },
});

function subscribe(service: Service, session: OpenSession, room_id: string): void {
  service.hub.subscribe(session, { class: "media", subclass: "room", obj_id: room_id });
}

function unsubscribe(service: Service, session_id: string, room_id: string): void {
  const session = service.sessions.get(session_id);
  if (session) service.hub.unsubscribe(session, { class: "media", subclass: "room", obj_id: room_id });
}
