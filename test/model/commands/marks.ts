import { errorCodes, roomEvents } from "@roomlog/protocol";
import { EpochOf, OK, ok, refused } from "../answers.ts";
import { tell } from "../lanes.ts";
import { may, mayRead } from "../people.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import { type Op, type RoomName, roomNames } from "../steps.ts";
import {
  isDeleted,
  type Life,
  lastIdOf,
  livingOf,
  type Message,
  putLife,
  seenBody,
  unreadIn,
  type World,
} from "../world.ts";
import { epochOf, given, idBack } from "./choices.ts";

interface InRoom {
  readonly room: RoomName;
}

/** M19: never back; told when it has moved. */
export function mark(planner: Planner, { room, back, epoch: choice }: Op & { readonly do: "mark" }): Plan {
  const { user_id, roomId } = planner;
  const msg_id = Math.max(1, idBack(planner, room, back, choice));
  const epoch = epochOf(planner, room, choice);
  return {
    name: "media/room/msglog_mark",
    data: { room_id: roomId(room), msg_id, ...given({ epoch }) },
    pipelined: true,
    first: writes((world): Outcome => {
      const life = livingOf(world, room);
      if (!life) return tells(refused(304001));
      if (epoch !== undefined && epoch !== life.epoch) return tells(refused(304106));
      if (msg_id > lastIdOf(life)) return tells(refused(errorCodes.message_not_found));
      if ((life.marks.get(user_id) ?? 0) >= msg_id) return tells(OK);
      putLife(world, room, { ...life, marks: new Map(life.marks).set(user_id, msg_id) });
      const event = { type: roomEvents.msglog_marked, body: { user_id, msg_id } };
      return tells(OK, (then, moment) => tell(then, room, event, (place) => moment.reach(then, place)));
    }),
  };
}

/** M19 */
export function marks({ roomId }: Planner, { room }: InRoom): Plan {
  return {
    name: "media/room/msglog_marks",
    data: { room_id: roomId(room) },
    first: reads((world) => {
      const life = livingOf(world, room);
      if (!life) return { answer: refused(304001) };
      const all = Array.from(life.marks, ([user_id, msg_id]) => ({ user_id, msg_id }));
      return { answer: ok(all.sort((a, b) => (a.user_id < b.user_id ? -1 : 1))) };
    }),
  };
}

/** M20: this room, then the other one; counted one by one. */
export function unread({ roomId, user_id }: Planner, { room }: InRoom): Plan {
  const rooms = [room, ...roomNames.filter((other) => other !== room)];
  const room_ids = rooms.map(roomId);
  return {
    name: "media/room/msglog_unread",
    data: { rooms: room_ids },
    first: reads((world) => ({
      answer: ok(rooms.flatMap((one) => unreadOf(world, one, { room_id: roomId(one), user_id }) ?? [])),
    })),
  };
}

function unreadOf(world: World, room: RoomName, { room_id, user_id }: { room_id: string; user_id: string }) {
  const life = livingOf(world, room);
  if (!life || !may(user_id, "msglog_get", room)) return undefined;
  const messages = unreadIn(life, user_id).filter((message) =>
    mayRead(user_id, room, seenBody(life, message)),
  );
  return {
    room_id,
    epoch: new EpochOf(room, life.number),
    unread: messages.length,
    mentions: messages.filter((message) => isMention(life, message, user_id)).length,
    mark: life.marks.get(user_id) ?? 0,
    last_id: lastIdOf(life),
  };
}

function isMention(life: Life, message: Message, user_id: string): boolean {
  const isNamed = message.mentions?.includes(user_id) ?? false;
  return isNamed && message.user_id !== user_id && !isDeleted(life, message);
}
