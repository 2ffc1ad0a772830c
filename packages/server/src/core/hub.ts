import type { EventData } from "@roomlog/protocol";
import type { EventFrames, Place, Subscriber, Wanted } from "./delivery.ts";
import { eventFrame } from "./frames.ts";
import { copyOf, JsonText, membersOf } from "./json-text.ts";

/** What a subscription matches: a field that is absent or `"*"` matches everything (E2). */
export interface Pattern {
  readonly class: string;
  readonly subclass?: string | undefined;
  readonly type?: string | undefined;
  readonly obj_id?: string | undefined;
  /** Only what belongs to the log of a room itself: a cursor on it (M10). Clients cannot name this field. */
  readonly log?: "log" | undefined;
}

interface Subscription {
  readonly pattern: Pattern;
  readonly mask: number;
  /** The text of an object: parsed it could take twenty times the memory. */
  readonly body: JsonText;
  /** Later subscriptions have greater ones. */
  readonly order: number;
  /** Of a cursor, or of a join: how what comes of this log is wanted, when not as it is. */
  wanted?: Wanted | undefined;
}

/** The subscriptions to one pattern. */
type Bucket = Map<Subscriber, Subscription>;

const FIELDS = ["class", "subclass", "type", "obj_id", "log"] as const;
const NO_BODY = new JsonText("{}");
const NOWHERE: Place = { lane: "" };
/** Their events are for the one whom `obj_id` names. */
const PRIVATE: ReadonlySet<string | undefined> = new Set(["user_event", "session_event"]);

/**
 * The subscriptions of one service (E2–E4). They are indexed by which fields they name (`mask`) and what these
 * hold, so that an event looks up at most a few patterns, however many subscriptions there are.
 */
export class Hub {
  readonly #masks = new Map<number, Map<string, Bucket>>();
  readonly #subscribers = new Map<Subscriber, Set<Subscription>>();
  /** How many cursors want digests of the room (M23), by its id. */
  readonly #provers = new Map<string, number>();
  readonly #service: string;
  readonly #count: () => number;
  #deferred: (() => void) | undefined;

  /**
   * `count` gives numbers that grow in the whole process: the order of subscriptions, and tids of which one frame
   * can serve every connection (F7).
   */
  constructor(service: string, count: () => number) {
    this.#service = service;
    this.#count = count;
  }

  /** How many subscriptions a subscriber has, cursors included. */
  countOf(subscriber: Subscriber): number {
    return this.#subscribers.get(subscriber)?.size ?? 0;
  }

  /** In force at once; a subscription to the same pattern is replaced (E4). */
  subscribe(subscriber: Subscriber, pattern: Pattern, body: JsonText = NO_BODY): void {
    this.flush();
    const mask = maskOf(pattern);
    const subscription = { pattern, mask, body, order: this.#count() };
    // A copy is in one piece; the text as it was put together keeps its pieces.
    const bucket = getOrAdd(getOrAdd(this.#masks, mask), copyOf(keyOf(pattern, mask) as string));
    const own = this.#subscribers.get(subscriber) ?? new Set();
    const replaced = bucket.get(subscriber);
    if (replaced) {
      own.delete(replaced);
      this.#setWanted(replaced, undefined);
    }
    bucket.set(subscriber, subscription);
    this.#subscribers.set(subscriber, own.add(subscription));
  }

  /** Ends the subscription to exactly this pattern, if there is one (E4). */
  unsubscribe(subscriber: Subscriber, pattern: Pattern): void {
    this.flush();
    const subscription = this.#find(subscriber, pattern);
    if (!subscription) return;
    this.#drop(subscriber, subscription);
    const own = this.#subscribers.get(subscriber);
    own?.delete(subscription);
    if (own?.size === 0) this.#subscribers.delete(subscriber);
  }

  /** From now on the subscriber wants what comes of a log by this cursor or subscription so; undefined: all, as it is. */
  want(subscriber: Subscriber, pattern: Pattern, wanted: Wanted | undefined): void {
    this.flush();
    const subscription = this.#find(subscriber, pattern);
    if (subscription) this.#setWanted(subscription, wanted);
  }

  /** How it wants what comes of a log by this cursor or subscription. */
  wantedBy(subscriber: Subscriber, pattern: Pattern): Wanted | undefined {
    return this.#find(subscriber, pattern)?.wanted;
  }

  /** Whether somebody wants digests of the messages of a room (M23). */
  wantsDigests(room_id: string): boolean {
    return this.#provers.has(room_id);
  }

  /** Whether there is a subscription to exactly this pattern. */
  has(subscriber: Subscriber, pattern: Pattern): boolean {
    return this.#find(subscriber, pattern) !== undefined;
  }

  /** The subscriptions of a subscriber, newest first, without its cursors (E5). */
  of(subscriber: Subscriber): Pick<Subscription, "pattern" | "body" | "order">[] {
    return [...(this.#subscribers.get(subscriber) ?? [])]
      .filter(({ pattern }) => pattern.log === undefined)
      .sort((a, b) => b.order - a.order);
  }

  /** The rooms that its subscriptions and cursors name. */
  roomsOf(subscriber: Subscriber): string[] {
    const all = [...(this.#subscribers.get(subscriber) ?? [])];
    return all.flatMap(({ pattern: { class: cls, obj_id } }) =>
      cls === "media" && isNamed(obj_id) ? obj_id : [],
    );
  }

  /** Ends all subscriptions of a subscriber. */
  leave(subscriber: Subscriber): void {
    this.flush();
    for (const subscription of this.#subscribers.get(subscriber) ?? []) {
      this.#drop(subscriber, subscription);
    }
    this.#subscribers.delete(subscriber);
  }

  /** Delivers an event to each matching subscriber once; it is encoded only when somebody listens. */
  publish(event: EventData, place: Place = this.#placeOf(event)): void {
    this.flush();
    this.publishAll(event, () => [event.body], place);
  }

  /**
   * `publish` tells of messages of a log that were stored together, by `publishAll`. It runs before any other event is
   * published or a subscription changes, at the latest when the work at hand is done.
   */
  defer(publish: () => void): void {
    if (this.#deferred === publish) return;
    this.flush();
    this.#deferred = publish;
    queueMicrotask(() => this.flush());
  }

  /** Publishes what was deferred. */
  flush(): void {
    const publish = this.#deferred;
    this.#deferred = undefined;
    publish?.();
  }

  /** Delivers events in a row that differ in nothing but their body. `bodies` is asked when somebody listens. */
  publishAll(fields: EventData, bodies: () => readonly (object | undefined)[], place: Place): void {
    const [first, ...others] = this.#matching(fields, place);
    if (!first) return;
    const plain = lazy(() => this.#framesOf(fields, bodies()));
    const { hears = everybody, seen = everything, proven: provenBodies, lane, stretch } = place;
    const proven = lazy(() => {
      const known = provenBodies?.();
      return known && this.#framesOf(fields, known);
    });
    const give = (subscriber: Subscriber, own: readonly JsonText[], wanted: Wanted | undefined) => {
      const places = seen(subscriber, wanted?.where);
      if (places?.length === 0) return subscriber.pass(place);
      const framesOf = wanted?.digest && provenBodies ? proven() : plain();
      if (framesOf) subscriber.deliver(framesOf(places)(subscriber.home)(own), place);
      else if (stretch) subscriber.follow(lane, stretch);
    };
    if (others.length === 0) {
      for (const [subscriber, { body, wanted }] of first)
        if (hears(subscriber)) give(subscriber, [body], wanted);
      return;
    }
    for (const [subscriber, subscriptions] of bySubscriber([first, ...others])) {
      if (hears(subscriber)) give(subscriber, bodiesOf(subscriptions), wantedIn(subscriptions));
    }
  }

  /** Encodes the events at these places, or all of them, once for all who get the same. */
  #framesOf(fields: EventData, known: readonly (object | undefined)[]) {
    const encode = (bodies: readonly (object | undefined)[]) => {
      const tid = this.#tids(bodies.length);
      const forOwn = shareable(fields, bodies, tid);
      const forOthers = shareable({ ...fields, service: this.#service }, bodies, tid);
      return (home: string) => (home === this.#service ? forOwn : forOthers);
    };
    const whole = encode(known);
    let parts: Map<readonly number[], typeof whole> | undefined;
    return (places: readonly number[] | undefined) => {
      if (!places) return whole;
      parts ??= new Map();
      const part = parts.get(places) ?? encode(places.map((i) => known[i]));
      parts.set(places, part);
      return part;
    };
  }

  /** What is meant for one user or session is for him, and for who may see the users (E9). */
  #placeOf({ class: cls, subclass, obj_id }: EventData): Place {
    if (cls !== "core" || !PRIVATE.has(subclass)) return NOWHERE;
    const hears = ({ home, identity }: Subscriber) => {
      const isOwn = (subclass === "user_event" ? identity?.user_id : identity?.session_id) === obj_id;
      return (isOwn && home === this.#service) || (identity?.rights.may("users") ?? false);
    };
    return { ...NOWHERE, hears };
  }

  /** The first of so many successive ones. */
  #tids(count: number): number {
    const first = this.#count();
    for (let i = 1; i < count; i++) this.#count();
    return first;
  }

  /** Whether the subscriber listens to such events. */
  listens(subscriber: Subscriber, fields: EventData, place: Pick<Place, "isLog">): boolean {
    return this.#matching(fields, place).some((bucket) => bucket.has(subscriber));
  }

  /** Encodes events that differ in nothing but their body, with what the subscriber's subscriptions add to them. */
  encoderFor(
    subscriber: Subscriber,
    fields: EventData,
    place: Pick<Place, "isLog">,
  ): (body: object) => EventFrames {
    const found = this.#matching(fields, place).flatMap((bucket) => bucket.get(subscriber) ?? []);
    const bodies = bodiesOf(found);
    return (body) => this.frameFor(subscriber, { ...fields, body }, bodies);
  }

  /** An event for one subscriber, whatever it has subscribed to. */
  frameFor(subscriber: Subscriber, event: EventData, bodies: readonly JsonText[] = []): EventFrames {
    const seen = subscriber.home === this.#service ? event : { ...event, service: this.#service };
    return shareable(seen, [event.body], this.#count())(bodies);
  }

  #matching(event: EventData, { isLog }: Pick<Place, "isLog">): Bucket[] {
    const fields = isLog ? { ...event, log: "log" as const } : event;
    const found: Bucket[] = [];
    for (const [mask, buckets] of this.#masks) {
      const key = keyOf(fields, mask);
      const bucket = key === undefined ? undefined : buckets.get(key);
      if (bucket) found.push(bucket);
    }
    return found;
  }

  #find(subscriber: Subscriber, pattern: Pattern): Subscription | undefined {
    const mask = maskOf(pattern);
    const key = keyOf(pattern, mask) as string;
    return this.#masks.get(mask)?.get(key)?.get(subscriber);
  }

  #setWanted(subscription: Subscription, wanted: Wanted | undefined): void {
    const { obj_id = "" } = subscription.pattern;
    const before = Number(subscription.wanted?.digest ?? false);
    const count = (this.#provers.get(obj_id) ?? 0) - before + Number(wanted?.digest ?? false);
    if (count > 0) this.#provers.set(obj_id, count);
    else this.#provers.delete(obj_id);
    subscription.wanted = wanted;
  }

  #drop(subscriber: Subscriber, subscription: Subscription): void {
    const { mask, pattern } = subscription;
    this.#setWanted(subscription, undefined);
    const key = keyOf(pattern, mask) as string;
    const buckets = this.#masks.get(mask);
    const bucket = buckets?.get(key);
    bucket?.delete(subscriber);
    if (bucket?.size === 0) buckets?.delete(key);
    if (buckets?.size === 0) this.#masks.delete(mask);
  }
}

function everybody(): boolean {
  return true;
}

function everything(): undefined {}

/** Made when it is asked for, and once. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The cursor says so, or the subscription of a join: of both one at most. */
function wantedIn(subscriptions: readonly Subscription[]): Wanted | undefined {
  return subscriptions.find(({ wanted }) => wanted !== undefined)?.wanted;
}

/** One bit for each field that is named. */
function maskOf(pattern: Pattern): number {
  return FIELDS.reduce((mask, field, i) => (isNamed(pattern[field]) ? mask | (1 << i) : mask), 0);
}

/** What the fields of `mask` hold; undefined when one of them is not named. Names have no control characters. */
function keyOf(fields: Pattern, mask: number): string | undefined {
  let key = "";
  for (let i = 0; i < FIELDS.length; i++) {
    if ((mask & (1 << i)) === 0) continue;
    const value = fields[FIELDS[i] as (typeof FIELDS)[number]];
    if (!isNamed(value)) return undefined;
    key += `${value}\u0000`;
  }
  return key;
}

function isNamed(value: string | undefined): value is string {
  return value !== undefined && value !== "*";
}

function bySubscriber(buckets: readonly Bucket[]): Map<Subscriber, Subscription[]> {
  const found = new Map<Subscriber, Subscription[]>();
  for (const bucket of buckets) {
    for (const [subscriber, subscription] of bucket) {
      const list = found.get(subscriber);
      if (list) list.push(subscription);
      else found.set(subscriber, [subscription]);
    }
  }
  return found;
}

/** From the least to the most specific; of equals the later one counts more (E3). */
function bodiesOf(subscriptions: readonly Subscription[]): JsonText[] {
  return subscriptions
    .toSorted((a, b) => namedFields(a.mask) - namedFields(b.mask) || a.order - b.order)
    .map(({ body }) => body);
}

function namedFields(mask: number): number {
  return FIELDS.reduce((count, _, i) => count + ((mask >> i) & 1), 0);
}

/** Encodes events once for all whose subscriptions bring no body, and once for each other merge of bodies. */
function shareable(
  fields: EventData,
  events: readonly (object | undefined)[],
  tid: number,
): (bodies: readonly JsonText[]) => EventFrames {
  const encode = (bodyOf: (body: object | undefined) => object | undefined): EventFrames => {
    const texts = events.map((body, i) => eventFrame(fields, bodyOf(body), tid + i));
    return { tid, texts, bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) };
  };
  let plain: EventFrames | undefined;
  return (bodies) => {
    if (bodies.some((body) => body !== NO_BODY)) return encode((body) => merged(bodies, body));
    plain ??= encode((body) => body);
    return plain;
  };
}

/** Keys of subscriptions first, then the event's own, which win (E3); every value keeps the text it came with. */
function merged(bodies: readonly JsonText[], body: object | undefined): JsonText {
  const own = body instanceof JsonText ? body.text : JSON.stringify(body ?? {});
  const ownKeys = new Set(membersOf(own).map(({ key }) => key));
  const members = new Map<string, string>();
  for (const { text } of bodies) {
    for (const { key, from, end } of membersOf(text)) {
      if (!ownKeys.has(key)) members.set(key, text.slice(from, end));
    }
  }
  const head = [...members.values()].join(",");
  if (head === "") return new JsonText(own);
  return new JsonText(ownKeys.size === 0 ? `{${head}}` : `{${head},${own.slice(own.indexOf("{") + 1)}`);
}

function getOrAdd<K, K2, V>(maps: Map<K, Map<K2, V>>, key: K): Map<K2, V> {
  const found = maps.get(key);
  if (found) return found;
  const map = new Map<K2, V>();
  maps.set(key, map);
  return map;
}
