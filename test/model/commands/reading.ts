import { errorCodes } from "@roomlog/protocol";
import { type Answer, EpochOf, ok, refused } from "../answers.ts";
import { fits, whereOf } from "../filters.ts";
import { msglog } from "../limits.ts";
import { may, mayRead } from "../people.ts";
import { type Plan, type Planner, reads } from "../plan.ts";
import type { FilterName, Op, PageChoice, RoomName, SoughtChoice } from "../steps.ts";
import { answers, rankOf, searchText } from "../words.ts";
import {
  endedOf,
  isDeleted,
  keptOf,
  type Life,
  lastIdOf,
  type Message,
  seenBody,
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
  readonly where?: object;
  readonly search?: string;
  readonly around?: number;
  readonly rank_after?: number;
  readonly order?: "asc" | "desc" | "rank";
  readonly limit?: number;
  readonly epoch?: string;
  readonly ref?: number;
  readonly refs?: true;
  readonly versions?: true;
}

/** What is looked for in a log, and who looks. */
interface Asked {
  readonly room: RoomName;
  readonly user: string;
  readonly query: Query;
  readonly where: FilterName | undefined;
  readonly search: readonly SoughtChoice[] | undefined;
}

/** M6, M8, M12, M15–M18: a filter over the array. */
export function get(planner: Planner, { room, page }: Op & { readonly do: "get" }): Plan {
  const query = queryOf(planner, room, page);
  const { where, search } = page;
  const asked = { room, user: planner.user_id, query, where, search };
  return {
    name: "media/room/msglog_get",
    data: { room_id: planner.roomId(room), ...query },
    first: reads((world) => {
      if (!makesSense(query)) return { answer: refused(errorCodes.syntax_error) };
      const { life, refusal } = findLife(world, room, query.epoch);
      return { answer: life ? pageOf(life, asked) : refusal };
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
    where: where && whereOf(where),
    search: page.search && searchText(page.search),
    around: id(page.around),
    rank_after: id(page.rank_after),
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

/** M18 */
function makesSense({ order, search, around, rank_after }: Query): boolean {
  return order === "rank" ? search !== undefined && around === undefined : rank_after === undefined;
}

function pageOf(life: Life, asked: Asked): Answer {
  const { order, around, rank_after, limit } = asked.query;
  const isThere = (id: number | undefined, isSuch: (message: Message) => boolean) =>
    id === undefined || keptOf(life).some((message) => message.msg_id === id && isSuch(message));
  const isReadable = (message: Message) => mayRead(asked.user, asked.room, seenBody(life, message));
  const isFound = (message: Message) => isReadable(message) && isMeant(life, message, asked);
  if (!isThere(around, isReadable) || !isThere(rank_after, isFound)) {
    return refused(errorCodes.message_not_found);
  }
  const found = keptOf(life).filter((message) => isReadable(message) && isAsked(life, message, asked));
  if (around !== undefined) return ok(shown(life, pageAround(life, found, asked), asked));
  const ordered = order === "rank" ? ranked(life, found, asked) : found;
  if ((order ?? (asked.search ? "desc" : "asc")) === "desc") ordered.reverse();
  const listed = ordered.slice(0, limit ?? msglog.max_get_messages + 1);
  const page = fitting(life, listed, asked);
  const isWhole = page.length === listed.length && page.length <= msglog.max_get_messages;
  if (limit === undefined && !isWhole) return refused(304103);
  return ok(shown(life, page, asked));
}

function shown(life: Life, page: readonly Message[], asked: Asked): object[] {
  return page.map((message) => storedBody(life, message, lastIdOf(life), moreOf(life, message, asked)));
}

/** What follows the place and what stands before it by turns, as far as there is something. */
function pageAround(life: Life, found: readonly Message[], asked: Asked) {
  const { around = 0, order, limit = 50, search } = asked.query;
  const older = found.filter(({ msg_id }) => msg_id < around).reverse();
  const newer = found.filter(({ msg_id }) => msg_id >= around);
  const turns = Array.from({ length: Math.max(older.length, newer.length) }, (_, i) => [newer[i], older[i]]);
  const nearest = turns.flat().filter((message) => message !== undefined);
  const page = fitting(life, nearest.slice(0, limit), asked).toSorted((a, b) => a.msg_id - b.msg_id);
  return (order ?? (search === undefined ? "asc" : "desc")) === "desc" ? page.reverse() : page;
}

/** The best first, of equals the newest; only what comes behind one of them, if that is asked for. */
function ranked(life: Life, found: readonly Message[], { search = [], query }: Asked): Message[] {
  const { rank_after } = query;
  const rank = (message: Message) => rankOf(textOf(life, message), search);
  const byRank = (a: Message, b: Message) => rank(b) - rank(a) || b.msg_id - a.msg_id;
  const last = rank_after === undefined ? undefined : life.messages[rank_after - 1];
  return found.filter((message) => !last || byRank(last, message) < 0).toSorted(byRank);
}

/** What some ask for beside (M15, M16). Who is no moderator does not see what was deleted. */
function moreOf(life: Life, message: Message, { query: { refs, versions }, user, room }: Asked): object {
  const isRef = (other: Message) =>
    other.ref === message.msg_id &&
    !other.op &&
    !isDeleted(life, other) &&
    mayRead(user, room, seenBody(life, other));
  const hasVersions = versions && (may(user, "room_moderate", room) || !isDeleted(life, message));
  const isReadable = ({ msg_id }: { readonly msg_id: number }) =>
    mayRead(user, room, seenBody(life, message, msg_id));
  return given({
    versions: hasVersions ? versionsOf(life, message)?.filter(isReadable) : undefined,
    refs: refs && !message.op ? life.messages.filter(isRef).length : undefined,
  });
}

function isAsked(life: Life, message: Message, asked: Asked): boolean {
  const { query } = asked;
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
    isMeant(life, message, asked)
  );
}

/** By what it says now (M17, M18). Edits and deletions answer no search. */
function isMeant(life: Life, message: Message, { where, search }: Pick<Asked, "where" | "search">): boolean {
  const answersSearch = () =>
    message.op === undefined && answers(JSON.parse(textOf(life, message)) as object, search ?? []);
  return (
    (where === undefined || fits(where, seenBody(life, message))) && (search === undefined || answersSearch())
  );
}

/** Whole messages within `max_get_bytes`; the first one always. */
function fitting(life: Life, messages: readonly Message[], asked: Asked): readonly Message[] {
  let bytes = 0;
  const end = messages.findIndex((message, i) => {
    bytes += Buffer.byteLength(textOf(life, message)) + logBytes(life, message, asked);
    return i > 0 && bytes > msglog.max_get_bytes;
  });
  return end < 0 ? messages : messages.slice(0, end);
}

/** Of what people wrote in `$log` (M6). */
function logBytes(life: Life, message: Message, asked: Asked): number {
  const { $log = {} } = storedBody(life, message, lastIdOf(life), moreOf(life, message, asked)) as {
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
  const bytes = kept.reduce((sum, { msg }) => sum + Buffer.byteLength(msg), 0);
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
