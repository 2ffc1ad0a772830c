import { type EventData, isJsonObject, type JsonObject } from "@roomlog/protocol";
import { eventFrame } from "./frames.ts";
import { JsonText } from "./json-text.ts";

/** What a subscription matches: a field that is absent or `"*"` matches everything (E2). */
export interface Pattern {
  readonly class: string;
  readonly subclass?: string | undefined;
  readonly type?: string | undefined;
  readonly obj_id?: string | undefined;
}

/** Who receives events: each event arrives once, however many subscriptions match (E3). */
export interface Subscriber {
  /** The service it belongs to; events of another one carry that one's name (E1). */
  readonly home: string;
  deliver(event: EventFrame): void;
}

/** An event as it goes to the socket; subscribers without a body of their own share one. */
export interface EventFrame {
  readonly tid: number;
  readonly bytes: Uint8Array;
}

interface Subscription {
  readonly pattern: Pattern;
  readonly mask: number;
  readonly key: string;
  readonly body: JsonObject;
  /** Later subscriptions have greater ones. */
  readonly order: number;
}

/** The subscriptions to one pattern. */
type Bucket = Map<Subscriber, Subscription>;

const FIELDS = ["class", "subclass", "type", "obj_id"] as const;
const NOTHING: JsonObject = {};

/**
 * The subscriptions of one service (E2–E4). They are indexed by which fields they name (`mask`) and what these
 * hold, so that an event looks up at most sixteen patterns, however many subscriptions there are.
 */
export class Hub {
  readonly #masks = new Map<number, Map<string, Bucket>>();
  readonly #subscribers = new Map<Subscriber, Map<string, Subscription>>();
  readonly #service: string;
  readonly #count: () => number;

  /**
   * `count` gives numbers that grow in the whole process: the order of subscriptions, and tids of which one frame
   * can serve every connection (F7).
   */
  constructor(service: string, count: () => number) {
    this.#service = service;
    this.#count = count;
  }

  /** How many subscriptions a subscriber has. */
  countOf(subscriber: Subscriber): number {
    return this.#subscribers.get(subscriber)?.size ?? 0;
  }

  /** In force at once; a subscription to the same pattern is replaced (E4). */
  subscribe(subscriber: Subscriber, pattern: Pattern, body: JsonObject = NOTHING): void {
    const mask = maskOf(pattern);
    const key = keyOf(pattern, mask) as string;
    const subscription = { pattern, mask, key, body, order: this.#count() };
    getOrAdd(getOrAdd(this.#masks, mask), key).set(subscriber, subscription);
    getOrAdd(this.#subscribers, subscriber).set(`${mask} ${key}`, subscription);
  }

  /** Ends the subscription to exactly this pattern, if there is one (E4). */
  unsubscribe(subscriber: Subscriber, pattern: Pattern): void {
    const mask = maskOf(pattern);
    const own = this.#subscribers.get(subscriber);
    const subscription = own?.get(`${mask} ${keyOf(pattern, mask)}`);
    if (!own || !subscription) return;
    this.#drop(subscriber, subscription);
    own.delete(`${subscription.mask} ${subscription.key}`);
    if (own.size === 0) this.#subscribers.delete(subscriber);
  }

  /** The subscriptions of a subscriber, newest first (E5). */
  of(subscriber: Subscriber): Pick<Subscription, "pattern" | "body" | "order">[] {
    return [...(this.#subscribers.get(subscriber)?.values() ?? [])].sort((a, b) => b.order - a.order);
  }

  /** Ends all subscriptions of a subscriber. */
  leave(subscriber: Subscriber): void {
    for (const subscription of this.#subscribers.get(subscriber)?.values() ?? []) {
      this.#drop(subscriber, subscription);
    }
    this.#subscribers.delete(subscriber);
  }

  /** Delivers an event to each matching subscriber once; it is encoded only when somebody listens. */
  publish(event: EventData): void {
    const [first, ...others] = this.#matching(event);
    if (!first) return;
    const tid = this.#count();
    const forOwn = shareable(event, tid);
    const forOthers = shareable({ ...event, service: this.#service }, tid);
    const give = (subscriber: Subscriber, bodies: readonly JsonObject[]) =>
      subscriber.deliver((subscriber.home === this.#service ? forOwn : forOthers)(bodies));
    if (others.length === 0) {
      for (const [subscriber, { body }] of first) give(subscriber, [body]);
      return;
    }
    for (const [subscriber, subscriptions] of bySubscriber([first, ...others])) {
      give(
        subscriber,
        subscriptions.sort(bySpecificity).map(({ body }) => body),
      );
    }
  }

  #matching(event: EventData): Bucket[] {
    const found: Bucket[] = [];
    for (const [mask, buckets] of this.#masks) {
      const key = keyOf(event, mask);
      const bucket = key === undefined ? undefined : buckets.get(key);
      if (bucket) found.push(bucket);
    }
    return found;
  }

  #drop(subscriber: Subscriber, { mask, key }: Subscription): void {
    const buckets = this.#masks.get(mask);
    const bucket = buckets?.get(key);
    bucket?.delete(subscriber);
    if (bucket?.size === 0) buckets?.delete(key);
    if (buckets?.size === 0) this.#masks.delete(mask);
  }
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
function bySpecificity(a: Subscription, b: Subscription): number {
  return namedFields(a.mask) - namedFields(b.mask) || a.order - b.order;
}

function namedFields(mask: number): number {
  return FIELDS.reduce((count, _, i) => count + ((mask >> i) & 1), 0);
}

/** Encodes the event once for all whose subscriptions bring no body, and once for each other merge of bodies. */
function shareable(event: EventData, tid: number): (bodies: readonly JsonObject[]) => EventFrame {
  const encode = (body: object | undefined): EventFrame => ({
    tid,
    bytes: Buffer.from(eventFrame(event, body, tid)),
  });
  let plain: EventFrame | undefined;
  return (bodies) => {
    const own = bodies.filter((body) => Object.keys(body).length > 0);
    if (own.length > 0) return encode(merged(own, event.body));
    plain ??= encode(event.body);
    return plain;
  };
}

/** Keys of subscriptions first, then the event's own, which win (E3); an event's ready-made text is kept as it is. */
function merged(bodies: readonly JsonObject[], body: object | undefined): object {
  const base: Record<string, unknown> = {};
  for (const one of bodies) for (const key of Object.keys(one)) define(base, key, one[key]);
  const own: unknown = body instanceof JsonText ? JSON.parse(body.text) : body;
  for (const key of Object.keys(isJsonObject(own) ? own : NOTHING)) delete base[key];
  const head = JSON.stringify(base);
  const tail = body instanceof JsonText ? body : new JsonText(JSON.stringify(own ?? NOTHING));
  if (head === "{}") return tail;
  return new JsonText(tail.isEmptyObject ? head : `${head.slice(0, -1)},${tail.text.slice(1)}`);
}

/** An own property also for `__proto__`. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function getOrAdd<K, K2, V>(maps: Map<K, Map<K2, V>>, key: K): Map<K2, V> {
  const found = maps.get(key);
  if (found) return found;
  const map = new Map<K2, V>();
  maps.set(key, map);
  return map;
}
