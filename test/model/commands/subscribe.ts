import { EpochOf, ok } from "../answers.ts";
import { whereOf } from "../filters.ts";
import { changeView, move, prune, stay } from "../lanes.ts";
import { type Outcome, type Plan, type Planner, reads } from "../plan.ts";
import { type FilterName, type FromChoice, type Op, type RoomName, roomNames } from "../steps.ts";
import { hearsMessages, keyOf, patternOf } from "../subscriptions.ts";
import { followerOf, type Life, lastIdOf, livingOf, putFollower, type World } from "../world.ts";
import { epochOf, given, idBack } from "./choices.ts";

/** What a request says of where to go on. */
export interface From {
  readonly after?: number;
  readonly epoch?: string;
}

/** The answer to it, and the first message that comes of which life. */
export interface Position {
  readonly life: Life;
  readonly first: number;
  readonly answer: { readonly epoch: EpochOf; first_id: number; last_id: number; recovered: boolean };
}

export function fromOf(planner: Planner, room: RoomName, { after, epoch: choice }: FromChoice): From {
  const epoch = epochOf(planner, room, choice);
  if (after !== "seen") {
    return given({ after: after === undefined ? undefined : idBack(planner, room, after), epoch });
  }
  const seen = planner.seen(room);
  return { after: seen?.msg_id ?? 0, ...given({ epoch: epoch ?? seen?.epoch }) };
}

/** M10. An error when there is no such room, or `after` is beyond the log. */
export function positionOf(
  world: World,
  room: RoomName,
  { after, epoch }: From,
): Position | { readonly error: number } {
  const life = livingOf(world, room);
  if (!life) return { error: 304001 };
  const { first_id, number } = life;
  const last_id = lastIdOf(life);
  const log = { epoch: new EpochOf(room, number), first_id, last_id };
  if (after === undefined) return { life, first: last_id + 1, answer: { ...log, recovered: true } };
  const isThisLife = epoch === undefined || epoch === life.epoch;
  if (isThisLife && after > last_id) return { error: 304104 };
  const recovered = isThisLife && after + 1 >= first_id;
  return { life, first: recovered ? after + 1 : first_id, answer: { ...log, recovered } };
}

/** M10, M17 */
export function subscribe(
  planner: Planner,
  { room, from: choice, where }: Op & { readonly do: "subscribe" },
): Plan {
  const { place, roomId } = planner;
  const from = fromOf(planner, room, choice);
  return {
    name: "media/room/msglog_subscribe",
    data: { room_id: roomId(room), ...from, ...given({ where: where && whereOf(where) }) },
    first: reads((world, moment): Outcome => {
      const position = positionOf(world, room, from);
      if ("error" in position) return { answer: position };
      moment.takeUntilAnswer(world, [room]);
      const stays = from.after === undefined && hearsMessages(followerOf(world, place), room);
      changeView(world, place, room, () => follow(world, { place, room, where }));
      if (stays) stay(world, place, room, position.life);
      else move(world, place, room, position.life, position.first);
      return { answer: ok(position.answer) };
    }),
  };
}

interface Cursor {
  readonly place: number;
  readonly room: RoomName;
  readonly where: FilterName | undefined;
}

function follow(world: World, { place, room, where }: Cursor): void {
  putFollower(world, place, { cursors: new Map(followerOf(world, place).cursors).set(room, where) });
}

/** M10: what is subscribed to otherwise stays. */
export function unsubscribe({ place, roomId }: Planner, { room }: { readonly room: RoomName }): Plan {
  return {
    name: "media/room/msglog_unsubscribe",
    data: { room_id: roomId(room) },
    first: reads((world, moment): Outcome => {
      moment.takeUntilAnswer(world, [room]);
      prune(world, place, [room], () => changeView(world, place, room, () => leave(world, place, room)));
      return { answer: ok(undefined) };
    }),
  };
}

function leave(world: World, place: number, room: RoomName): void {
  const cursors = new Map(followerOf(world, place).cursors);
  cursors.delete(room);
  putFollower(world, place, { cursors });
}

type Subscription = Op & { readonly do: "listen" | "mute" };

/** E2 */
export function listen({ place, roomId }: Planner, { pattern, room }: Subscription): Plan {
  return {
    name: "core/event/subscribe",
    data: patternOf(pattern, roomId(room)),
    first: reads((world): Outcome => {
      const subscription = { pattern, room };
      const { subscriptions } = followerOf(world, place);
      putFollower(world, place, {
        subscriptions: new Map(subscriptions).set(keyOf(subscription), subscription),
      });
      return { answer: ok(undefined) };
    }),
  };
}

/** E4 */
export function mute({ place, roomId }: Planner, { pattern, room }: Subscription): Plan {
  return {
    name: "core/event/unsubscribe",
    data: patternOf(pattern, roomId(room)),
    first: reads((world, moment): Outcome => {
      moment.takeUntilAnswer(world, roomNames);
      prune(world, place, roomNames, () => removeSubscription(world, place, keyOf({ pattern, room })));
      return { answer: ok(undefined) };
    }),
  };
}

/** Only the subscription; what waits is another matter. */
export function removeSubscription(world: World, place: number, key: string): void {
  const subscriptions = new Map(followerOf(world, place).subscriptions);
  subscriptions.delete(key);
  putFollower(world, place, { subscriptions });
}
