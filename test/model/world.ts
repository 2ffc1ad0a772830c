import type { Body } from "./filters.ts";
import type { FilterName, PatternName, RoomName, SchemaChoice } from "./steps.ts";

/**
 * What is so, as far as anybody could know: the array of messages of each room and epoch, and what each connection must
 * still get. A world is copied before it changes; what it holds is never changed in place.
 */
export interface World {
  readonly rooms: Map<RoomName, Room>;
  /** By place. */
  readonly followers: Map<number, Follower>;
  /** What was dropped from logs so far, in order. */
  trims: readonly Trimming[];
  /** Rooms of which nothing is removed (M22). */
  readonly holds: Map<RoomName, Hold>;
}

interface Hold {
  readonly since: number;
  readonly by: string;
}

export interface Room {
  /** All there ever were; only the last one may live. */
  readonly lives: readonly Life[];
  /** session_id → user_id, in the order of joining; those whose connection was lost included. */
  readonly members: ReadonlyMap<string, string>;
  /** What messages of a type have to be (M24): as it is set, until everybody knows that the life has ended. */
  readonly typed: ReadonlyMap<string, SchemaVersion>;
}

/** A room's schema for a type of messages; null: none any more. */
export interface SchemaVersion {
  readonly type: string;
  readonly version: number;
  readonly schema: SchemaChoice | null;
}

interface KeptVersion extends SchemaVersion {
  /** The first entry that it holds for. */
  readonly from_id: number;
  readonly by: string;
  readonly at: number;
}

export interface Life {
  /** Counts the lives of the room. */
  readonly number: number;
  /** Undefined until somebody has been told. */
  readonly epoch: string | undefined;
  /** All that were ever sent: `messages[i]` has the id i + 1. */
  readonly messages: readonly Message[];
  readonly first_id: number;
  /** user and client_msg_id → msg_id */
  readonly names: ReadonlyMap<string, number>;
  /** user → how far he has read (M19) */
  readonly marks: ReadonlyMap<string, number>;
  /** All that ever held, in their order. */
  readonly schemas: readonly KeptVersion[];
  readonly max_messages: number | undefined;
  readonly created_at: number;
  readonly destroyed_at: number | undefined;
}

export interface Message {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly timestmap: number;
  /** The text as it was sent; `{}` once it was erased. */
  readonly msg: string;
  readonly erased?: true;
  /** What it does to the message `ref` (M15); a message may have a `ref` too (M16). */
  readonly op?: "edit" | "delete";
  readonly ref?: number;
  /** M20 */
  readonly mentions?: readonly string[];
}

interface Trimming {
  readonly room: RoomName;
  readonly life: number;
  readonly first_id: number;
}

/** A connection and what it follows. */
export interface Follower {
  readonly user_id: string;
  readonly session_id: string;
  /** E2 subscriptions by `keyOf`. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Cursors of its own (M10), with what they are narrowed to (M17). */
  readonly cursors: ReadonlyMap<RoomName, FilterName | undefined>;
  readonly lanes: ReadonlyMap<RoomName, Lane>;
  /** How many of the world's trims it could have met when it was looked at last. */
  readonly trims: number;
}

export interface Subscription {
  readonly pattern: PatternName;
  readonly room: RoomName;
}

/** What a connection must still get of a room, in order. */
export interface Lane {
  readonly items: readonly Item[];
  /** The cursor was set when the log of this life ended here: these messages are no news. */
  readonly known: { readonly life: number; readonly id: number } | undefined;
}

export type Item =
  /** `told`: it was dropped from the log and the connection knows, unless a `maybe` that stands before it comes. */
  /** `since`: the newest entry when it was put here; it comes as it was then, or as it is when it is read. */
  /** `maybe`: a view did not let it through once, so it may have been passed over (M17); `late`: it then comes behind events that waited. */
  | {
      readonly kind: "message";
      readonly life: number;
      readonly id: number;
      readonly since: number;
      readonly told?: true;
      readonly maybe?: true;
      readonly late?: true;
    }
  /** `maybe`: who lags does without it. */
  | { readonly kind: "event"; readonly type: string; readonly body: object; readonly maybe?: true };

const NO_ROOM: Room = { lives: [], members: new Map(), typed: new Map() };
const NO_LANE: Lane = { items: [], known: undefined };

export function emptyWorld(): World {
  return { rooms: new Map(), followers: new Map(), trims: [], holds: new Map() };
}

export function copyOf(world: World): World {
  return {
    rooms: new Map(world.rooms),
    followers: new Map(world.followers),
    trims: world.trims,
    holds: new Map(world.holds),
  };
}

export function roomOf(world: World, room: RoomName): Room {
  return world.rooms.get(room) ?? NO_ROOM;
}

/** The living one. */
export function livingOf(world: World, room: RoomName): Life | undefined {
  const life = roomOf(world, room).lives.at(-1);
  return life?.destroyed_at === undefined ? life : undefined;
}

/** The newest first. */
export function endedOf(world: World, room: RoomName): Life[] {
  return roomOf(world, room)
    .lives.filter(({ destroyed_at }) => destroyed_at !== undefined)
    .toReversed();
}

export function lifeOf(world: World, room: RoomName, number: number): Life {
  const life = roomOf(world, room).lives[number - 1];
  if (!life) throw new Error(`room ${room} has no life ${number}`);
  return life;
}

export function lastIdOf(life: Life): number {
  return life.messages.length;
}

/** What is kept. */
export function keptOf(life: Life): readonly Message[] {
  return life.messages.slice(life.first_id - 1);
}

export function putLife(world: World, room: RoomName, life: Life): void {
  const { lives, ...rest } = roomOf(world, room);
  const at = life.number - 1;
  world.rooms.set(room, { ...rest, lives: [...lives.slice(0, at), life, ...lives.slice(at + 1)] });
}

export function putMembers(world: World, room: RoomName, members: Room["members"]): void {
  world.rooms.set(room, { ...roomOf(world, room), members });
}

export function putTyped(world: World, room: RoomName, typed: Room["typed"]): void {
  world.rooms.set(room, { ...roomOf(world, room), typed });
}

export function followerOf(world: World, place: number): Follower {
  const follower = world.followers.get(place);
  if (!follower) throw new Error(`nobody at place ${place}`);
  return follower;
}

export function putFollower(world: World, place: number, change: Partial<Follower>): void {
  world.followers.set(place, { ...followerOf(world, place), ...change });
}

export function laneOf(world: World, place: number, room: RoomName): Lane {
  return followerOf(world, place).lanes.get(room) ?? NO_LANE;
}

export function putLane(world: World, place: number, room: RoomName, change: Partial<Lane>): void {
  const { lanes } = followerOf(world, place);
  putFollower(world, place, {
    lanes: new Map(lanes).set(room, { ...laneOf(world, place, room), ...change }),
  });
}

/** What has been made of an entry by the entries up to one (M15). */
function changesOf({ messages }: Life, { msg_id, op, ref }: Message, upTo: number) {
  const before = messages.slice(0, upTo);
  const message = op === "edit" ? ref : msg_id;
  const edits = before.filter((other) => op === undefined && other.op === "edit" && other.ref === msg_id);
  const deletion = before.find((other) => other.op === "delete" && other.ref === message);
  return { edits, deletion };
}

/** The text that is shown. */
export function textOf(life: Life, message: Message, upTo = lastIdOf(life)): string {
  const { edits, deletion } = changesOf(life, message, upTo);
  return deletion ? "{}" : (edits.at(-1) ?? message).msg;
}

/** Whether it was taken away. */
export function isDeleted(life: Life, message: Message): boolean {
  return changesOf(life, message, lastIdOf(life)).deletion !== undefined;
}

/** What `$log` says of it (M2, M15). */
function logOf(life: Life, message: Message, upTo: number): object {
  const { edits, deletion } = changesOf(life, message, upTo);
  const edit = edits.at(-1);
  return {
    ...(message.op && { op: message.op }),
    ...(message.ref !== undefined && { ref: message.ref }),
    ...(message.mentions && !deletion && { mentions: message.mentions }),
    ...(edit && !deletion && { edited: changeOf(edit) }),
    ...((message.erased || (!deletion && edit?.erased)) && { erased: true }),
    ...(deletion && { deleted: { ...changeOf(deletion), ...(JSON.parse(deletion.msg) as object) } }),
  };
}

function changeOf({ msg_id, user_id, timestmap }: Message) {
  return { msg_id, user_id, timestmap };
}

/** What a user has not read (M20): messages alone. */
export function unreadIn(life: Life, user_id: string): Message[] {
  const mark = life.marks.get(user_id) ?? 0;
  return keptOf(life).filter(({ msg_id, op }) => msg_id > mark && op === undefined);
}

/** All wordings of a message that was changed (M15). */
export function versionsOf(life: Life, message: Message): { readonly msg_id: number }[] | undefined {
  const { edits, deletion } = changesOf(life, message, lastIdOf(life));
  if (message.op || (edits.length === 0 && !deletion)) return undefined;
  return [message, ...edits].map((one) => ({
    ...changeOf(one),
    msg: JSON.parse(one.msg) as object,
    ...(deletion && one.mentions && { mentions: one.mentions }),
    ...(one.erased && { erased: true }),
  }));
}

/** What an event or a page says of an entry (M2), by the entries up to one; `more` stands in `$log` too. */
export function storedBody(life: Life, message: Message, upTo = lastIdOf(life), more: object = {}): object {
  const { msg_id, user_id, session_id, timestmap } = message;
  const log = { ...logOf(life, message, upTo), ...more };
  const body = JSON.parse(textOf(life, message, upTo)) as object;
  return {
    ...body,
    msg_id,
    user_id,
    session_id,
    timestmap,
    ...(Object.keys(log).length > 0 && { $log: log }),
  };
}

/** The same for who looks at it (M17). */
export function seenBody(life: Life, message: Message, upTo = lastIdOf(life)): Body {
  return storedBody(life, message, upTo) as Body;
}

/** All that an entry may look like to who was due it when the entry `since` was the newest. */
export function bodiesSince(life: Life, message: Message, since: number): Body[] {
  const ids = life.messages
    .slice(since)
    .filter(({ op }) => op)
    .map(({ msg_id }) => msg_id);
  return [since, ...ids].map((upTo) => seenBody(life, message, upTo));
}

/** A text that two worlds share only when they are the same. */
export function fingerprint(world: World): string {
  return JSON.stringify(world, (_, value: unknown) =>
    value instanceof Map ? [...value] : value instanceof Set ? [...value] : value,
  );
}
