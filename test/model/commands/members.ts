import { errorCodes, roomEvents } from "@roomlog/protocol";
import { OK, ok, refused } from "../answers.ts";
import { move, prune, tell } from "../lanes.ts";
import { may } from "../people.ts";
import { type Outcome, type Plan, type Planner, reads } from "../plan.ts";
import type { Op, RoomName } from "../steps.ts";
import { keyOf } from "../subscriptions.ts";
import { followerOf, livingOf, putFollower, putMembers, roomOf, type World } from "../world.ts";
import { type From, fromOf, type Position, positionOf, removeSubscription } from "./subscribe.ts";

type Join = Op & { readonly do: "join" };

/** R4. With `after` it is known first whether it is there (M10); then who joins is a member; then the log is read. */
export function join(planner: Planner, { room, from: choice }: Join): Plan {
  const from = fromOf(planner, room, choice);
  const enters = reads((world) => enter(world, planner, room, from));
  const checks = reads((world): Outcome => {
    const position = positionOf(world, room, from);
    return "error" in position ? { answer: position } : { next: enters };
  });
  const isReader = may(planner.user_id, "msglog_get", room);
  const refuses = reads(() => ({ answer: refused(errorCodes.unauthorized) }));
  const first = from.after === undefined ? enters : isReader ? checks : refuses;
  return { name: "media/room/join", data: { room_id: planner.roomId(room), ...from }, first };
}

function enter(world: World, planner: Planner, room: RoomName, from: From): Outcome {
  if (!livingOf(world, room)) return { answer: refused(304001) };
  const { place, user_id, session_id } = planner;
  const before = roomOf(world, room).members;
  putMembers(world, room, new Map(before).set(session_id, user_id));
  subscribeMember(world, place, room);
  const next = reads((then, moment) => {
    const position = positionOf(then, room, from);
    if ("error" in position) return { answer: position };
    if (from.after !== undefined) {
      moment.takeUntilAnswer(then, [room]);
      move(then, place, room, position.life, position.first);
    }
    return { next: started(shown(from, position)) };
  });
  // What is told meanwhile comes ahead of it, and the answer knows it already.
  const started = (position: object) =>
    reads((last) => {
      const answer = ok({ members: membersOf(last, room), ...position });
      if (!before.has(session_id)) tellMember(last, planner, room, roomEvents.started_member);
      return { answer };
    });
  return { next };
}

function shown({ after }: From, { answer }: Position): object {
  const { last_id, epoch } = answer;
  return after === undefined ? { last_id, epoch } : answer;
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
