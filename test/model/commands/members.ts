import { roomEvents } from "@roomlog/protocol";
import { EpochOf, OK, ok, refused } from "../answers.ts";
import { move, prune, tell } from "../lanes.ts";
import { type Outcome, type Plan, type Planner, reads } from "../plan.ts";
import type { Op, RoomName } from "../steps.ts";
import { keyOf } from "../subscriptions.ts";
import {
  followerOf,
  type Life,
  lastIdOf,
  livingOf,
  putFollower,
  putMembers,
  roomOf,
  type World,
} from "../world.ts";
import { type From, fromOf, positionIn, removeSubscription } from "./subscribe.ts";

/** R4. Nobody else works meanwhile: the search for what is legal would know too many ways. */
export function join(
  planner: Planner,
  { room, from: choice }: Op & { readonly do: "subscribe" | "join" },
): Plan {
  const { place, roomId } = planner;
  const from = fromOf(planner, room, choice);
  return {
    name: "media/room/join",
    data: { room_id: roomId(room), ...from },
    first: reads((world, moment): Outcome => {
      const life = livingOf(world, room);
      if (!life) return { answer: refused(304001) };
      const position = positionIn(room, life, from);
      if (!position) return { answer: refused(304104) };
      const isNew = enter(world, planner, room);
      moment.takeUntilAnswer(world, from.after === undefined ? [] : [room]);
      if (from.after !== undefined) move(world, place, room, life, position.first);
      if (isNew) tellMember(world, planner, room, roomEvents.started_member);
      return { answer: ok({ members: membersOf(world, room), ...shown(from, life, position.answer, room) }) };
    }),
  };
}

function shown({ after }: From, life: Life, position: object, room: RoomName): object {
  return after === undefined ? { last_id: lastIdOf(life), epoch: new EpochOf(room, life.number) } : position;
}

/** Whether it is a new member. */
function enter(world: World, { place, user_id, session_id }: Planner, room: RoomName): boolean {
  const { members } = roomOf(world, room);
  putMembers(world, room, new Map(members).set(session_id, user_id));
  subscribeMember(world, place, room);
  return !members.has(session_id);
}

/** Who has joined a room hears of it. */
export function subscribeMember(world: World, place: number, room: RoomName): void {
  const subscription = { pattern: "room", room } as const;
  putFollower(world, place, {
    subscriptions: new Map(followerOf(world, place).subscriptions).set(keyOf(subscription), subscription),
  });
}

function membersOf(world: World, room: RoomName): object {
  const members = [...roomOf(world, room).members];
  return Object.fromEntries(
    members.map(([session_id, user_id]) => [session_id, { user_id, role: "member" }]),
  );
}

function tellMember(world: World, { user_id, session_id }: Planner, room: RoomName, type: string): void {
  tell(world, room, { type, body: { session_id, user_id, role: "member" } });
}

/** R4 */
export function leave(planner: Planner, { room }: { readonly room: RoomName }): Plan {
  const { place, roomId, session_id } = planner;
  return {
    name: "media/room/leave",
    data: { room_id: roomId(room) },
    first: reads((world, moment): Outcome => {
      const members = new Map(roomOf(world, room).members);
      if (!members.delete(session_id)) return { answer: refused(100036) };
      moment.takeUntilAnswer(world, [room]);
      putMembers(world, room, members);
      prune(world, place, [room], () => removeSubscription(world, place, keyOf({ pattern: "room", room })));
      tellMember(world, planner, room, roomEvents.stopped_member);
      return { answer: OK };
    }),
  };
}
