import { isDeepStrictEqual } from "node:util";
import { roomEvents } from "@roomlog/protocol";
import { sees } from "./people.ts";
import type { RoomName } from "./steps.ts";
import { hears, hearsMessages } from "./subscriptions.ts";
import {
  bodiesSince,
  followerOf,
  type Item,
  type Lane,
  type Life,
  laneOf,
  lastIdOf,
  lifeOf,
  type Message,
  putFollower,
  putLane,
  type World,
} from "./world.ts";

/** An event of a room as a connection got it. */
export interface Seen {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** What was seen is not what this world says. */
export class Mismatch extends Error {}

/** A message has been told: it is on its way to every connection that hears such (M5). */
export function tellMessage(world: World, room: RoomName, told: { life: number; id: number }): void {
  for (const place of placesHearing(world, room, roomEvents.msglog_new_msg)) {
    const { items, known } = laneOf(world, place, room);
    if (known && known.life === told.life && told.id <= known.id) continue;
    const item = noted(world, { place, room }, { kind: "message", ...told, since: told.id });
    const isPassedOver = item.maybe === true && items.length === 0;
    if (!isPassedOver) putLane(world, place, room, { items: [...items, item] });
  }
}

type Told = Item & { readonly kind: "message" };
type Where = Pick<At, "place" | "room">;

/** What a message that waits may look like when it is judged, and whether the connection sees it so (M17). */
function looksOf(world: World, { place, room }: Where, { life: number, id, since }: Told) {
  const life = lifeOf(world, room, number);
  const follower = followerOf(world, place);
  const bodies = bodiesSince(life, life.messages[id - 1] as Message, since);
  return bodies.map((body) => ({ body, isSeen: sees(follower, room, body) }));
}

/** Whether a message that waits comes, however it is looked at. */
function isSure(world: World, at: Where, item: Told): boolean {
  return !item.maybe && looksOf(world, at, item).every(({ isSeen }) => isSeen);
}

/** A message that was not for this view may have been passed over already, so it may not come under another one either. */
function noted(world: World, at: Where, item: Item): Item {
  return item.kind === "event" || isSure(world, at, item) ? item : { ...item, maybe: true };
}

/** Changes what a connection sees of a room; what waits is seen by the new view. */
export function changeView(world: World, place: number, room: RoomName, change: () => void): void {
  const items = laneOf(world, place, room).items.map((item) => noted(world, { place, room }, item));
  putLane(world, place, room, { items });
  change();
}

/** So is any other event; `reach` says for which places it may be missing, or is. */
export function tell(
  world: World,
  room: RoomName,
  { type, body }: { readonly type: string; readonly body: object },
  reach: (place: number) => "sure" | "maybe" | "not" = () => "sure",
): void {
  for (const place of placesHearing(world, room, type)) {
    const sure = reach(place);
    if (sure === "not") continue;
    const item: Item = { kind: "event", type, body, ...(sure === "maybe" && { maybe: true }) };
    putLane(world, place, room, { items: [...laneOf(world, place, room).items, item] });
  }
}

function placesHearing(world: World, room: RoomName, type: string): number[] {
  return [...world.followers].filter(([, one]) => hears(one, room, type)).map(([place]) => place);
}

/**
 * The cursor goes to `first` (M10): what the connection did not get of an earlier life is not for it any more; of this
 * one come the messages from `first` on, those that were passed over before the first that waits, or at the end.
 */
export function move(world: World, place: number, room: RoomName, { number, ...life }: Life, first: number) {
  const last = lastIdOf({ number, ...life });
  const rest = ofLife(laneOf(world, place, room).items, number)
    .filter((item) => item.kind === "event" || item.id >= first)
    .map((item) => readAnew(item, last));
  const at = rest.findIndex(({ kind }) => kind === "message");
  const next = rest[at];
  const end = next?.kind === "message" ? next.id - 1 : last;
  const missing = idsFrom(first, end).map((id): Item => ({ kind: "message", life: number, id, since: last }));
  rest.splice(at < 0 ? rest.length : at, 0, ...missing);
  putLane(world, place, room, { items: rest, known: { life: number, id: last } });
}

/** The cursor stays where it is in the living room: only what was left of earlier lives goes (M10). */
export function stay(world: World, place: number, room: RoomName, { number }: Life): void {
  putLane(world, place, room, { items: ofLife(laneOf(world, place, room).items, number) });
}

/** Who hears of messages alone has no end between those of two lives. */
function ofLife(items: readonly Item[], life: number): Item[] {
  const isEnd = (item: Item) => item.kind === "event" && item.type === roomEvents.destroyed;
  const behind = items.slice(items.findLastIndex(isEnd) + 1);
  return behind.filter((item) => item.kind === "event" || item.life === life);
}

function idsFrom(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** Does something that may end a connection's interest in messages; then those that wait are not for it any more. */
export function prune(world: World, place: number, rooms: readonly RoomName[], change: () => void): void {
  const before = rooms.filter((room) => hearsMessages(followerOf(world, place), room));
  change();
  for (const room of before) {
    if (hearsMessages(followerOf(world, place), room)) continue;
    const items = laneOf(world, place, room).items.filter(({ kind }) => kind === "event");
    putLane(world, place, room, { items });
  }
}

/** The connection got this next of a room. Throws a `Mismatch` when it should not have. */
export function take(world: World, place: number, room: RoomName, seen: Seen): void {
  const lane = laneOf(world, place, room);
  const rest = restAfter(world, { place, room, lane }, seen);
  putLane(world, place, room, { items: rest });
}

interface At {
  readonly place: number;
  readonly room: RoomName;
  readonly lane: Lane;
}

function restAfter(world: World, at: At, seen: Seen): readonly Item[] {
  const items = withoutMissing(world, at, seen);
  const [head, ...rest] = items;
  if (!head) throw new Mismatch(`nothing more of room ${at.room} was due`);
  if (head.kind === "event") {
    if (!isThis(head, seen)) throw new Mismatch(`${head.type} ${JSON.stringify(head.body)} was due`);
    return head.maybe ? rest.map(untold) : rest;
  }
  const waited = lengthOf(items, (item) => item.kind === "message" && item.late === true);
  const event = items[waited];
  if (event?.kind === "event" && isThis(event, seen)) return items.toSpliced(waited, 1);
  if (seen.type === roomEvents.msglog_dropped) return afterDropped(world, at, items, seen.body);
  requireMessage(world, at, head, seen);
  return rest;
}

/** What may be missing is, when something behind it comes. */
function withoutMissing(world: World, at: At, seen: Seen): readonly Item[] {
  const { items } = at.lane;
  const isThere = (item: Item) => {
    if (item.kind === "event") return !item.maybe || isThis(item, seen);
    return !item.told && (isMeant(world, at, item, seen) || isSure(world, at, item));
  };
  const first = items.findIndex(isThere);
  return first < 0 ? [] : items.slice(first);
}

/** Whether what came is this message, or says that it is gone. */
function isMeant(world: World, at: At, item: Told, { type, body }: Seen): boolean {
  if (type === roomEvents.msglog_new_msg) {
    return looksOf(world, at, item).some((look) => look.isSeen && isDeepStrictEqual(look.body, body));
  }
  const { epoch = body?.epoch } = lifeOf(world, at.room, item.life);
  return type === roomEvents.msglog_dropped && body?.epoch === epoch && item.id < Number(body?.first_id);
}

function isThis({ type, body }: Item & { kind: "event" }, seen: Seen): boolean {
  return type === seen.type && isDeepStrictEqual(withEpoch(body, seen), seen.body ?? {});
}

/** A life's epoch may not have been told to anybody yet. */
function withEpoch(body: object, { body: seen }: Seen): object {
  return "epoch" in body && body.epoch === undefined ? { ...body, epoch: seen?.epoch } : body;
}

function untold(item: Item): Item {
  if (item.kind === "event") return item;
  const { told: _, ...rest } = item;
  return rest;
}

/** All that waits is read when the cursor was moved (M10). */
function readAnew(item: Item, since: number): Item {
  if (item.kind === "event") return item;
  const { kind, life, id, maybe } = item;
  return { kind, life, id, since, ...(maybe && { late: true }) };
}

function requireMessage(world: World, at: At, item: Told, seen: Seen) {
  const { life: number, id } = item;
  const life = lifeOf(world, at.room, number);
  const due = `message ${id} of life ${number}`;
  const firsts = firstsSince(world, at, number);
  if (id < Math.min(...firsts)) throw new Mismatch(`${due} is gone, msglog_dropped was due`);
  const message = life.messages[id - 1];
  if (seen.type !== roomEvents.msglog_new_msg || !message) throw new Mismatch(`${due} was due`);
  const bodies = looksOf(world, at, item).flatMap(({ body, isSeen }) => (isSeen ? body : []));
  if (!bodies.some((body) => isDeepStrictEqual(body, seen.body))) {
    throw new Mismatch(`${due} was due: ${bodies.map((body) => JSON.stringify(body)).join(" or ")}`);
  }
}

/** M13: in place of messages that are gone, as far as they stand together. */
function afterDropped(world: World, at: At, items: readonly Item[], body: Seen["body"]): readonly Item[] {
  const [head] = items as [Told];
  const life = lifeOf(world, at.room, head.life);
  const first_id = Number(body?.first_id);
  const isLegal = firstsSince(world, at, head.life).includes(first_id) && head.id < first_id;
  if (!isLegal || !isDeepStrictEqual(body, { epoch: life.epoch ?? body?.epoch, first_id })) {
    throw new Mismatch(`message ${head.id} of life ${head.life} was due, not dropped up to ${first_id}`);
  }
  const isGone = (item: Item) => item.kind === "message" && item.life === head.life && item.id < first_id;
  const rest = items.slice(lengthOf(items, isGone));
  const told = lengthOf(rest, (item) => isGone(item) || (item.kind === "event" && item.maybe === true));
  return [...rest.slice(0, told).map(asTold), ...rest.slice(told)];
}

/** How many items at the head are such. */
function lengthOf(items: readonly Item[], isSuch: (item: Item) => boolean): number {
  const end = items.findIndex((item) => !isSuch(item));
  return end < 0 ? items.length : end;
}

function asTold(item: Item): Item {
  return item.kind === "event" ? item : { ...item, told: true };
}

/** The values that `first_id` has had since the connection was looked at last. */
function firstsSince(world: World, { place, room }: At, life: number): number[] {
  const { trims } = followerOf(world, place);
  const isOf = (trim: World["trims"][number]) => trim.room === room && trim.life === life;
  const before = world.trims.slice(0, trims).findLast(isOf)?.first_id ?? 1;
  return [
    before,
    ...world.trims
      .slice(trims)
      .filter(isOf)
      .map(({ first_id }) => first_id),
  ];
}

/** Whether something must still come. */
export function isLagging(world: World, place: number): boolean {
  return [...followerOf(world, place).lanes].some(([room, { items }]) =>
    items.some((item) =>
      item.kind === "message" ? !item.told && isSure(world, { place, room }, item) : !item.maybe,
    ),
  );
}

/** Whether messages wait that a view may let through, or not. */
export function hasDoubtful(world: World, place: number): boolean {
  return [...followerOf(world, place).lanes].some(([room, { items }]) =>
    items.some((item) => item.kind === "message" && !item.told && !isSure(world, { place, room }, item)),
  );
}

/**
 * Nothing more comes for now: all that was dropped is known, and who is level does without what may be missing. While a
 * window is full nobody looks at messages that a view may let through; from then on they come as they are when they are read.
 */
export function settle(world: World, place: number, window: "open" | "full"): void {
  const isLevel = !isLagging(world, place);
  const lanes = [...followerOf(world, place).lanes].map(([room, lane]) => {
    const items = lane.items.filter(({ kind }) => kind === "message" || !isLevel);
    return [room, { ...lane, items: items.map((item) => settled(world, { place, room }, item)) }] as const;
  });
  const left = isLevel && window === "open" ? [] : lanes;
  putFollower(world, place, { lanes: new Map(left), trims: world.trims.length });
}

function settled(world: World, at: Where, item: Item): Item {
  if (item.kind === "event") return item;
  return { ...(noted(world, at, item) as Told), since: lastIdOf(lifeOf(world, at.room, item.life)) };
}

/** How many events that are not messages wait for a connection. */
export function eventsWaiting(world: World, place: number): number {
  const lanes = [...followerOf(world, place).lanes.values()];
  return lanes.flatMap(({ items }) => items).filter(({ kind }) => kind === "event").length;
}
