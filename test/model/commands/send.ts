import { ok, refused } from "../answers.ts";
import { tellMessage } from "../lanes.ts";
import { msglog, padding } from "../limits.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import type { Op } from "../steps.ts";
import { type Life, livingOf, putLife, type World } from "../world.ts";
import { epochOf, given } from "./choices.ts";

type Send = Op & { readonly do: "send" };

/** M1–M5, M9, M14 */
export function send(planner: Planner, { room, size, name, epoch: choice }: Send): Plan {
  const { user_id } = planner;
  const pad = size && padding[size];
  const msg = { n: planner.count(), ...(pad !== undefined && { pad }) };
  const epoch = epochOf(planner, room, choice);
  const sent = { msg: JSON.stringify(msg), name: name && `${user_id} ${name}` };
  const request = {
    name: "media/room/msglog_send",
    data: { room_id: planner.roomId(room), msg, ...given({ client_msg_id: name, epoch }) },
    pipelined: true,
  } as const;
  if (sent.msg.length > msglog.max_message_bytes)
    return {
      ...request,
      first: reads((world) => ({ answer: refused(livingOf(world, room) ? 304101 : 304001) })),
    };
  return {
    ...request,
    first: writes((world): Outcome => {
      const life = livingOf(world, room);
      if (!life) return tells(refused(304001));
      if (epoch !== undefined && epoch !== life.epoch) return tells(refused(304106));
      const first = sent.name === undefined ? undefined : life.names.get(sent.name);
      if (first !== undefined) return tells(ok({ msg_id: first, duplicate: true }));
      const id = append(world, planner, { room, life, ...sent });
      return tells(ok({ msg_id: id }), (then) => tellMessage(then, room, { life: life.number, id }));
    }),
  };
}

interface Sent {
  readonly room: Send["room"];
  readonly life: Life;
  readonly msg: string;
  readonly name: string | undefined;
}

/** Gives back the id. */
function append(
  world: World,
  { user_id, session_id, now }: Planner,
  { room, life, msg, name }: Sent,
): number {
  const msg_id = life.messages.length + 1;
  const message = { msg_id, user_id, session_id, timestmap: now, msg };
  const names = name === undefined ? life.names : new Map(life.names).set(name, msg_id);
  putLife(world, room, { ...life, messages: [...life.messages, message], names });
  return msg_id;
}
