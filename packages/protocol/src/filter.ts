import { isJsonObject } from "./frames.ts";
import { MAX_FILTER_DEPTH, MAX_FILTER_NODES, MAX_FILTER_VALUES } from "./limits.ts";
import type { MessageLog, MessageStamp } from "./message.ts";

/** What a value is compared with. */
export type FilterValue = string | number | boolean | null;

/** What has to hold of one value; all that is given has to. */
export interface FilterTest {
  readonly eq?: FilterValue;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly in?: readonly FilterValue[];
  readonly exists?: boolean;
}

/**
 * Which messages are meant (M17, docs/filters.md): all members have to hold. A key is `and`, `or`, `not`, one of `user_id`,
 * `session_id` and `type`, or a JSON pointer (RFC 6901) into the message as readers see it.
 */
export interface Filter {
  readonly and?: readonly Filter[];
  readonly or?: readonly Filter[];
  readonly not?: Filter;
  readonly [path: string]: FilterValue | FilterTest | Filter | readonly Filter[] | undefined;
}

/** Gives a member of a message by its name; undefined when it has none. */
export type Members = (name: string) => unknown;

/** Whether a message is one that the filter means. */
export type Matcher = (message: Members) => boolean;

/** Why something is no filter: where the fault is, and what would be right. */
export class FilterError extends Error {
  constructor(at: string, reason: string) {
    super(`${at} ${reason}`);
    this.name = "FilterError";
  }
}

/** What is wrong with a path, the names on the way to a value; undefined when it may be asked about. */
export type FaultOfPath = (path: readonly string[]) => string | undefined;

/** How large a filter may be. */
interface FilterBounds {
  /** Filters inside one another. */
  readonly depth: number;
  /** Objects, and members of them. */
  readonly nodes: number;
  /** In all lists of `in`. */
  readonly values: number;
}

/** Of a filter that somebody gives. */
const BOUNDS: FilterBounds = {
  depth: MAX_FILTER_DEPTH,
  nodes: MAX_FILTER_NODES,
  values: MAX_FILTER_VALUES,
};

/** Reads a filter. Throws a `FilterError`, also over the bounds of M17, and for a path of which `faultOf` says what is wrong. */
export function matcherOf(filter: unknown, faultOf?: FaultOfPath): Matcher {
  return new Reading(BOUNDS, faultOf).filter(filter, "where", 1);
}

/** The same for the text of one that was put together from filters that were read before. */
export function trustedMatcherOf(filter: string): Matcher {
  const most = Number.POSITIVE_INFINITY;
  return new Reading({ depth: most, nodes: most, values: most }).filter(JSON.parse(filter), "where", 1);
}

/** A message of the log for a matcher. Its text is parsed when something of it is asked for, and once. */
export function membersOf(
  message: MessageStamp & { readonly msg: string; readonly log?: MessageLog },
): Members {
  let body: object | undefined;
  return (name) => {
    if (name === "user_id" || name === "session_id" || name === "msg_id") return message[name];
    if (name === "$log") return withoutProof(message.log);
    body ??= JSON.parse(message.msg) as object;
    return memberIn(body, name);
  };
}

/** What proves an entry is there only for who asked for it (M23): a filter means the same messages for everybody. */
function withoutProof({ digest, salt, commitment, ...log }: MessageLog = {}): object | undefined {
  return Object.keys(log).length > 0 ? log : undefined;
}

/** Names that stand for the pointer to the member of that name. */
const SHORT: ReadonlySet<string> = new Set(["user_id", "session_id", "type"]);

/** Longer names are cut in the text of an error. */
const SHOWN = 40;

type Check = (found: unknown) => boolean;

class Reading {
  readonly #most: FilterBounds;
  readonly #faultOf: FaultOfPath | undefined;
  #nodes = 0;
  #values = 0;

  constructor(most: FilterBounds, faultOf?: FaultOfPath) {
    this.#most = most;
    this.#faultOf = faultOf;
  }

  filter(value: unknown, at: string, depth: number): Matcher {
    if (!isJsonObject(value)) throw new FilterError(at, "must be an object");
    const { depth: most } = this.#most;
    if (depth > most) throw new FilterError(at, `is deeper than ${most} filters inside one another`);
    this.#count(at);
    const conditions = Object.entries(value).map(([key, part]) => {
      const place = placeOf(at, key);
      this.#count(place);
      return this.#condition(key, part, { at: place, depth });
    });
    const [first = () => true, second] = conditions;
    return second ? all(conditions) : first;
  }

  #condition(key: string, part: unknown, place: { readonly at: string; readonly depth: number }): Matcher {
    const { at, depth } = place;
    if (key === "and") return all(this.#filters(part, at, depth));
    if (key === "or") {
      const filters = this.#filters(part, at, depth);
      return (message) => filters.some((filter) => filter(message));
    }
    if (key === "not") {
      const filter = this.filter(part, at, depth + 1);
      return (message) => !filter(message);
    }
    const path = pathOf(key, at);
    const fault = this.#faultOf?.(path);
    if (fault) throw new FilterError(at, fault);
    const checks = this.#test(part, at);
    return (message) => {
      const found = find(message, path);
      return checks.every((check) => check(found));
    };
  }

  #filters(value: unknown, at: string, depth: number): Matcher[] {
    if (!Array.isArray(value)) throw new FilterError(at, "must be a list of filters");
    return value.map((one, i) => this.filter(one, `${at}[${i}]`, depth + 1));
  }

  #test(test: unknown, at: string): Check[] {
    if (isValue(test)) return [(found) => found === test];
    if (!isJsonObject(test))
      throw new FilterError(at, "must be a string, a number, true, false, null or an object of operators");
    const operators = Object.entries(test);
    if (operators.length === 0) throw new FilterError(at, `names no operator: ${OPERATORS}`);
    return operators.map(([name, value]) => {
      const place = placeOf(at, name);
      this.#count(place);
      return this.#operator(name, value, place);
    });
  }

  #operator(name: string, value: unknown, at: string): Check {
    if (name === "eq") {
      if (!isValue(value)) throw new FilterError(at, "must be a string, a number, true, false or null");
      return (found) => found === value;
    }
    if (name === "in") {
      const values = this.#list(value, at);
      return (found) => values.has(found);
    }
    if (name === "exists") {
      if (typeof value !== "boolean") throw new FilterError(at, "must be true or false");
      return (found) => (found !== undefined) === value;
    }
    if (!Object.hasOwn(COMPARISONS, name)) throw new FilterError(at, `is no operator: ${OPERATORS}`);
    if (!isOrdered(value)) throw new FilterError(at, "must be a number or a string");
    const holds = COMPARISONS[name] as Comparison;
    return (found) => typeof found === typeof value && holds(found as string, value as string);
  }

  #list(value: unknown, at: string): Set<unknown> {
    if (!(Array.isArray(value) && value.every(isValue)))
      throw new FilterError(at, "must be a list of strings, numbers, true, false or null");
    this.#values += value.length;
    const { values: most } = this.#most;
    if (this.#values > most) throw new FilterError(at, `has too many values: at most ${most} in all`);
    return new Set(value);
  }

  #count(at: string): void {
    this.#nodes += 1;
    const { nodes: most } = this.#most;
    if (this.#nodes > most)
      throw new FilterError(at, `is too much: a filter has at most ${most} objects and members`);
  }
}

type Comparison = (found: string, value: string) => boolean;

/** Of two numbers or two strings, which JavaScript compares by their code units. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  lt: (found, value) => found < value,
  lte: (found, value) => found <= value,
  gt: (found, value) => found > value,
  gte: (found, value) => found >= value,
};

const OPERATORS = "eq, lt, lte, gt, gte, in and exists are";

function all(filters: readonly Matcher[]): Matcher {
  return (message) => filters.every((filter) => filter(message));
}

/** A number that is too large for JavaScript could not be written down again. */
function isValue(value: unknown): value is FilterValue {
  return value === null || typeof value === "boolean" || isOrdered(value);
}

function isOrdered(value: unknown): value is number | string {
  return typeof value === "string" || Number.isFinite(value);
}

/** The names on the way to a value. */
function pathOf(key: string, at: string): readonly string[] {
  if (SHORT.has(key)) return [key];
  if (!key.startsWith("/"))
    throw new FilterError(at, 'is no path: one begins with "/", as "/text" or "/user/name"');
  if (/~(?![01])/.test(key)) throw new FilterError(at, 'has a "~" that is neither ~0 (~) nor ~1 (/)');
  return key
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function find(message: Members, path: readonly string[]): unknown {
  let found = message(path[0] as string);
  for (let i = 1; i < path.length && found !== undefined; i++) found = memberIn(found, path[i] as string);
  return found;
}

const INDEX = /^(0|[1-9]\d*)$/;

/** Only what stands in the JSON itself: nothing is inherited. */
function memberIn(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return INDEX.test(name) ? value[Number(name)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function placeOf(at: string, key: string): string {
  if (/^\w+$/.test(key)) return `${at}.${key.slice(0, SHOWN)}`;
  return `${at}[${JSON.stringify(key.length > SHOWN ? `${key.slice(0, SHOWN)}…` : key)}]`;
}
