import { type ErrorCode, errorCodes } from "@roomlog/protocol";
import { ok, refused } from "../answers.ts";
import { tellMessage } from "../lanes.ts";
import { msglog, padding } from "../limits.ts";
import { type Outcome, type Phase, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import { type Fault, faultOf } from "../schemas.ts";
import type { BodyChoice, EpochChoice, Op, RoomName } from "../steps.ts";
import {
  type Life,
  lastIdOf,
  livingOf,
  type Message,
  putLife,
  roomOf,
  unreadIn,
  type World,
} from "../world.ts";
import { epochOf, given, idBack } from "./choices.ts";

/** An entry of a log to be, and how it is asked for. */
interface Entry {
  readonly room: RoomName;
  readonly name?: string;
  readonly epoch?: EpochChoice;
  readonly request: { readonly name: string; readonly data: object };
  readonly msg: object;
  /** Whether it has to be as its type says (M24). */
  readonly isTyped: boolean;
  readonly op?: Message["op"];
  readonly ref?: number | undefined;
  readonly mentions?: readonly string[] | undefined;
  /** Why a life of the room does not take it. */
  refusal(life: Life): ErrorCode | undefined;
}

/** M1–M5, M9, M14, M16, M20, M24 */
export function send(planner: Planner, { mention, ...sent }: Op & { readonly do: "send" }): Plan {
  const { room, body, ref: back, ...op } = sent;
  const mentions = mention && [mention];
  const msg = bodyOf(planner, body);
  const ref = back === undefined ? undefined : Math.max(1, idBack(planner, room, back, op.epoch));
  return put(planner, {
    ...op,
    room,
    request: { name: "media/room/msglog_send", data: { msg, ...given({ ref, mentions }) } },
    msg,
    isTyped: true,
    ref,
    mentions,
    refusal: (life) => (ref !== undefined && ref > lastIdOf(life) ? errorCodes.message_not_found : undefined),
  });
}

/** A message that no other one is like. */
export function bodyOf(planner: Planner, body: BodyChoice = {}): object {
  const { size, words, deep, ...said } = body;
  const text = words?.join(" ");
  return {
    n: planner.count(),
    ...said,
    ...given(deep ? { deep: [{ text: text ?? "" }] } : { text }),
    ...given({ pad: size && padding[size] }),
  };
}

/** What puts an entry into a log. */
export function put(planner: Planner, entry: Entry): Plan {
  const { user_id } = planner;
  const { room, name: client_msg_id, epoch: choice, msg, op, ref, mentions } = entry;
  const epoch = epochOf(planner, room, choice);
  const name = client_msg_id && `${user_id} ${client_msg_id}`;
  const data = { room_id: planner.roomId(room), ...entry.request.data, ...given({ client_msg_id, epoch }) };
  const request = { name: entry.request.name, data, pipelined: true } as const;
  const text = JSON.stringify(msg);
  if (Buffer.byteLength(text) > msglog.max_message_bytes)
    return {
      ...request,
      first: reads((world) => ({ answer: refused(livingOf(world, room) ? 304101 : 304001) })),
    };
  return {
    ...request,
    first: writes((world): Outcome => {
      const fault = entry.isTyped ? faultOf(roomOf(world, room).typed, msg) : undefined;
      if (fault) return { next: refuses(room, fault) };
      const life = livingOf(world, room);
      if (!life) return tells(refused(304001));
      if (epoch !== undefined && epoch !== life.epoch) return tells(refused(304106));
      const first = name === undefined ? undefined : life.names.get(name);
      if (first !== undefined) return tells(ok({ msg_id: first, duplicate: true }));
      const refusal = entry.refusal(life);
      if (refusal !== undefined) return tells(refused(refusal));
      const id = append(world, planner, {
        room,
        life,
        name,
        entry: { msg: text, ...given({ op, ref, mentions }) },
      });
      return tells(ok({ msg_id: id }), (then) => tellMessage(then, room, { life: life.number, id }));
    }),
  };
}

/** Nothing is stored; who asks for a room that is not there is told that. */
function refuses(room: RoomName, fault: Fault): Phase {
  const invalid = { error: errorCodes.invalid_message, fault: { field: "msg", ...fault } };
  return reads((world) => ({ answer: livingOf(world, room) ? invalid : refused(304001) }));
}

interface Appended {
  readonly room: RoomName;
  readonly life: Life;
  readonly name: string | undefined;
  readonly entry: Pick<Message, "msg" | "op" | "ref" | "mentions">;
}

/** Gives back the id. */
function append(
  world: World,
  { user_id, session_id, now }: Planner,
  { room, life, name, entry }: Appended,
): number {
  const msg_id = life.messages.length + 1;
  const message = { msg_id, user_id, session_id, timestmap: now, ...entry };
  const names = name === undefined ? life.names : new Map(life.names).set(name, msg_id);
  // Who has read everything has read what he says (M19).
  const isLevel = !entry.op && life.marks.has(user_id) && unreadIn(life, user_id).length === 0;
  const marks = isLevel ? new Map(life.marks).set(user_id, msg_id) : life.marks;
  putLife(world, room, { ...life, messages: [...life.messages, message], names, marks });
  return msg_id;
}
