import { OK, ok, refused } from "../answers.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import type { Op, RoomName } from "../steps.ts";
import { keptOf, type Life, lastIdOf, lifeOf, livingOf, putLife, type World } from "../world.ts";
import { epochOf, findLife, given, idBack } from "./choices.ts";

/** M13: which life it is about is known first; then its log is cut, whatever became of it. */
export function purge(
  planner: Planner,
  { room, before: back, epoch: choice, dry }: Op & { readonly do: "purge" },
): Plan {
  const epoch = epochOf(planner, room, choice);
  const before = back === undefined ? undefined : idBack(planner, room, back, choice);
  return {
    name: "media/room/msglog_purge",
    data: { room_id: planner.roomId(room), ...given({ before, epoch, dry_run: dry }) },
    first: reads((world): Outcome => {
      const { life, refusal } = findLife(world, room, epoch);
      if (!life) return { answer: refusal };
      if (world.holds.has(room)) return { answer: refused(304111) };
      const { number } = life;
      if (dry) return { next: reads((then) => ({ answer: wouldDropNow(then, room, { number, before }) })) };
      return { next: writes((then) => tells(drop(then, room, { number, before }))) };
    }),
  };
}

interface Cut {
  readonly number: number;
  readonly before: number | undefined;
}

/** A hold may have come since. */
function wouldDropNow(world: World, room: RoomName, { number, before }: Cut) {
  const life = lifeOf(world, room, number);
  if (world.holds.has(room)) return ok({ first_id: life.first_id, count: 0, bytes: 0 });
  return wouldDrop(life, before);
}

/** The answer; `first_id` is the one afterwards. */
function wouldDrop(life: Life, before: number | undefined) {
  const first_id = Math.max(life.first_id, firstKept(life, before));
  const gone = keptOf(life).slice(0, first_id - life.first_id);
  const bytes = gone.reduce((sum, { msg }) => sum + Buffer.byteLength(msg), 0);
  return ok({ first_id, count: gone.length, bytes });
}

function firstKept(life: Life, before: number | undefined): number {
  const last = lastIdOf(life);
  return before === undefined
    ? last + 1 - Math.min(life.max_messages ?? Infinity, last)
    : Math.min(before, last + 1);
}

function drop(world: World, room: RoomName, { number, before }: Cut) {
  if (world.holds.has(room)) return refused(304111);
  const life = lifeOf(world, room, number);
  const answer = wouldDrop(life, before);
  const first_id = Math.max(life.first_id, firstKept(life, before));
  putLife(world, room, { ...life, first_id });
  world.trims = [...world.trims, { room, life: number, first_id }];
  return answer;
}

/** M13: the room's own retention; `{}` takes it away. It works when something is purged. */
export function retain({ roomId }: Planner, { room, messages }: Op & { readonly do: "retain" }): Plan {
  const retention = given({ max_messages: messages });
  return {
    name: "media/room/update",
    data: { room_id: roomId(room), retention },
    first: writes((world): Outcome => {
      const life = livingOf(world, room);
      if (!life) return tells(refused(304001));
      putLife(world, room, { ...life, max_messages: messages });
      return tells(OK);
    }),
  };
}
