import { EpochOf, ok, refused } from "../answers.ts";
import { msglog } from "../limits.ts";
import { type Plan, type Planner, reads } from "../plan.ts";
import type { Op, PageChoice, RoomName } from "../steps.ts";
import {
  endedOf,
  isDeleted,
  keptOf,
  type Life,
  lastIdOf,
  type Message,
  storedBody,
  textOf,
  versionsOf,
  type World,
} from "../world.ts";
import { epochOf, findLife, given, idBack } from "./choices.ts";

/** What a page is asked for, as the protocol has it (M8). */
interface Query {
  readonly after?: number;
  readonly before?: number;
  readonly from_time?: number;
  readonly to_time?: number;
  readonly user_id?: string;
  readonly session_id?: string;
  readonly where?: { readonly "/pad": { readonly exists: boolean } };
  readonly order?: "asc" | "desc";
  readonly limit?: number;
  readonly epoch?: string;
  readonly ref?: number;
  readonly refs?: true;
  readonly versions?: true;
}

/** M6, M8, M12, M15, M16: a filter over the array. */
export function get(planner: Planner, { room, page }: Op & { readonly do: "get" }): Plan {
  const query = queryOf(planner, room, page);
  return {
    name: "media/room/msglog_get",
    data: { room_id: planner.roomId(room), ...query },
    first: reads((world) => {
      const { life, refusal } = findLife(world, room, query.epoch);
      return { answer: life ? pageOf(life, query) : refusal };
    }),
  };
}

function queryOf(planner: Planner, room: RoomName, page: PageChoice): Query {
  const { limit, order, user: user_id, own, where, epoch } = page;
  const id = (back: number | undefined) =>
    back === undefined ? undefined : idBack(planner, room, back, epoch);
  const time = (back: number | undefined) =>
    back === undefined ? undefined : timeBack(planner, room, back, epoch);
  return given({
    after: id(page.after),
    before: id(page.before),
    from_time: time(page.from_time),
    to_time: time(page.to_time),
    user_id,
    session_id: own && planner.session_id,
    where: where && { "/pad": { exists: where === "padded" } },
    order,
    limit,
    epoch: epochOf(planner, room, epoch),
    ref: page.ref === undefined ? undefined : Math.max(1, idBack(planner, room, page.ref, epoch)),
    refs: page.refs,
    versions: page.versions,
  }) as Query;
}

/** The time of a message so far before the newest one; now, when there is none. */
function timeBack(planner: Planner, room: RoomName, back: number, choice: PageChoice["epoch"]): number {
  const { life } = findLife(planner.world, room, epochOf(planner, room, choice));
  return life?.messages.at(-1 - Math.max(0, back))?.timestmap ?? planner.now;
}

function pageOf(life: Life, { order, limit, ...query }: Query) {
  const found = keptOf(life).filter((message) => isAsked(life, message, query));
  if (order === "desc") found.reverse();
  const asked = found.slice(0, limit ?? msglog.max_get_messages + 1);
  const page = fitting(life, asked, query);
  const isWhole = page.length === asked.length && page.length <= msglog.max_get_messages;
  if (limit === undefined && !isWhole) return refused(304103);
  return ok(page.map((message) => storedBody(life, message, lastIdOf(life), moreOf(life, message, query))));
}

/** What some ask for beside (M15, M16); here everybody may moderate. */
function moreOf(life: Life, message: Message, { refs, versions }: Query): object {
  const isRef = (other: Message) => other.ref === message.msg_id && !other.op && !isDeleted(life, other);
  return given({
    versions: versions && versionsOf(life, message),
    refs: refs && !message.op ? life.messages.filter(isRef).length : undefined,
  });
}

function isAsked(life: Life, message: Message, query: Query): boolean {
  const { after = 0, before = Infinity, from_time = 0, to_time = Infinity } = query;
  const { msg_id, timestmap, user_id, session_id, op, ref } = message;
  return (
    msg_id > after &&
    msg_id < before &&
    timestmap >= from_time &&
    timestmap < to_time &&
    (query.user_id ?? user_id) === user_id &&
    (query.session_id ?? session_id) === session_id &&
    (query.ref === undefined || (op === undefined && ref === query.ref)) &&
    (query.where === undefined || query.where["/pad"].exists === textOf(life, message).includes("pad"))
  );
}

/** Whole messages within `max_get_bytes`; the first one always. */
function fitting(life: Life, messages: readonly Message[], query: Query): readonly Message[] {
  let bytes = 0;
  const end = messages.findIndex((message, i) => {
    bytes += Buffer.byteLength(textOf(life, message)) + logBytes(life, message, query);
    return i > 0 && bytes > msglog.max_get_bytes;
  });
  return end < 0 ? messages : messages.slice(0, end);
}

/** Of what people wrote in `$log` (M6). */
function logBytes(life: Life, message: Message, query: Query): number {
  const { $log = {} } = storedBody(life, message, lastIdOf(life), moreOf(life, message, query)) as {
    $log?: { deleted?: { reason?: string }; mentions?: string[]; versions?: { msg: object }[] };
  };
  const { deleted, mentions = [], versions = [] } = $log;
  const texts = [deleted?.reason ?? "", ...mentions, ...versions.map(({ msg }) => JSON.stringify(msg))];
  return Buffer.byteLength(texts.join(""));
}

/** M12 */
export function info(planner: Planner, { room, epoch: choice }: Op & { readonly do: "info" }): Plan {
  const epoch = epochOf(planner, room, choice);
  return {
    name: "media/room/msglog_info",
    data: { room_id: planner.roomId(room), ...given({ epoch }) },
    first: reads((world) => {
      const { life, refusal } = findLife(world, room, epoch);
      return { answer: life ? ok(shownOf(world, room, life)) : refusal };
    }),
  };
}

/** What the log of a life holds. */
export function shownOf(world: World, room: RoomName, life: Life): object {
  const kept = keptOf(life);
  const bytes = kept.reduce((sum, { msg }) => sum + msg.length, 0);
  const log = { first_id: life.first_id, last_id: lastIdOf(life), count: kept.length, bytes };
  const times = { first_time: kept.at(0)?.timestmap, last_time: kept.at(-1)?.timestmap };
  return {
    epoch: new EpochOf(room, life.number),
    ...log,
    ...given({ ...times, hold: world.holds.get(room) }),
  };
}

/** M12: ended lives, the newest first. */
export function epochs(
  planner: Planner,
  { room, before: choice, limit }: Op & { readonly do: "epochs" },
): Plan {
  const before = epochOf(planner, room, choice);
  return {
    name: "media/room/msglog_epochs",
    data: { room_id: planner.roomId(room), ...given({ before, limit }) },
    first: reads((world) => ({ answer: livesOf(world, room, { before, limit }) })),
  };
}

function livesOf(
  world: World,
  room: RoomName,
  { before, limit }: { readonly before: string | undefined; readonly limit: number | undefined },
) {
  // Here "last" is no name: only `epoch` may be it.
  const { life, refusal } = findLife(world, room, before === "last" ? "" : before);
  const ended = endedOf(world, room);
  // Without `before` it is enough that the room lives or has lived.
  if (refusal && (before !== undefined || ended.length === 0)) return refusal;
  const end = before === undefined ? Infinity : (life?.number ?? 0);
  const lives = ended.filter(({ number }) => number < end).slice(0, limit);
  return ok(
    lives.map((one) => ({
      ...shownOf(world, room, one),
      created_at: one.created_at,
      destroyed_at: one.destroyed_at,
    })),
  );
}
