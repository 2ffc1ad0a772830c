import { roomEvents } from "@roomlog/protocol";
import { OK, refused } from "../answers.ts";
import { tell } from "../lanes.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import type { RoomName } from "../steps.ts";
import { keyOf } from "../subscriptions.ts";
import {
  type Life,
  livingOf,
  putFollower,
  putLife,
  putMembers,
  putTyped,
  roomOf,
  type World,
} from "../world.ts";

interface InRoom {
  readonly room: RoomName;
}

/** R1 */
export function create({ roomId, now }: Planner, { room }: InRoom): Plan {
  return {
    name: "media/room/create",
    data: { room_id: roomId(room), class: "chat" },
    first: writes((world): Outcome => {
      if (livingOf(world, room)) return tells(refused(304002));
      putLife(world, room, newLife(roomOf(world, room).lives.length + 1, now));
      const event = { type: roomEvents.created, body: { class: "chat" } };
      return tells({ ok: { room_id: roomId(room) } }, (then) => tell(then, room, event));
    }),
  };
}

function newLife(number: number, created_at: number): Life {
  const unknown = { epoch: undefined, max_messages: undefined, destroyed_at: undefined };
  return {
    number,
    messages: [],
    first_id: 1,
    names: new Map(),
    marks: new Map(),
    schemas: [],
    created_at,
    ...unknown,
  };
}

/** R2. Who has joined hears no more of the room, but all of this life (R4, M10). */
export function destroy({ roomId, now }: Planner, { room }: InRoom): Plan {
  return {
    name: "media/room/destroy",
    data: { room_id: roomId(room) },
    first: writes((world): Outcome => {
      const life = livingOf(world, room);
      if (!life) return tells(refused(304001));
      putLife(world, room, { ...life, destroyed_at: now });
      return tells(OK, (then) => {
        const body = { code: 100013, reason: "API stop received" };
        tell(then, room, { type: roomEvents.destroyed, body });
        dismiss(then, room);
        putTyped(then, room, new Map());
      });
    }),
  };
}

/** The subscriptions that came with joining end; what waits stays. */
function dismiss(world: World, room: RoomName): void {
  const { members } = roomOf(world, room);
  for (const [place, { session_id, subscriptions }] of world.followers) {
    if (!members.has(session_id)) continue;
    const left = new Map(subscriptions);
    left.delete(keyOf({ pattern: "room", room }));
    putFollower(world, place, { subscriptions: left });
  }
  putMembers(world, room, new Map());
}

/** R5: delivered, and waited for. */
export function status({ roomId, user_id, session_id, count }: Planner, { room }: InRoom): Plan {
  const data = { n: count() };
  const event = { type: roomEvents.status, body: { class: "hand", user_id, session_id, data } };
  return {
    name: "media/room/set_status",
    data: { room_id: roomId(room), class: "hand", data },
    first: reads((world): Outcome => {
      if (!livingOf(world, room)) return { answer: refused(304001) };
      const next = reads((then) => {
        tell(then, room, event);
        return { answer: OK };
      });
      return { next };
    }),
  };
}

/** R5, M11: dropped for who lags. */
export function typing({ roomId, user_id, session_id, count }: Planner, { room }: InRoom): Plan {
  const info = `typing ${count()}`;
  const event = { type: roomEvents.info, body: { info, user_id, session_id } };
  return {
    name: "media/room/send_info",
    data: { room_id: roomId(room), info },
    first: reads((world): Outcome => {
      if (!livingOf(world, room)) return { answer: refused(304001) };
      const next = reads((then, moment) => {
        tell(then, room, event, (place) => moment.reach(then, place));
        return { answer: OK };
      });
      return { next };
    }),
  };
}
