import { OK, refused } from "../answers.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import type { Op } from "../steps.ts";
import { endedOf, livingOf, type World } from "../world.ts";

/** M22: of all lives of a room; the first one who says so counts. */
export function hold(
  { roomId, now: since, user_id: by }: Planner,
  { room, on }: Op & { readonly do: "hold" },
): Plan {
  const set = writes((world): Outcome => {
    if (!on) world.holds.delete(room);
    else if (!world.holds.has(room)) world.holds.set(room, { since, by });
    return tells(OK);
  });
  const ifEnded = reads((world: World): Outcome => {
    return endedOf(world, room).length > 0 ? { next: set } : { answer: refused(304001) };
  });
  const ifThere = reads((world: World): Outcome => ({ next: livingOf(world, room) ? set : ifEnded }));
  return {
    name: "media/room/msglog_hold",
    data: { room_id: roomId(room), hold: on },
    first: on ? ifThere : set,
  };
}
