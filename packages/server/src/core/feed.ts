import type { EventFrames, LogRun, Most, Place, Stretch, Subscriber } from "./delivery.ts";

/** The connection that a feed belongs to. */
export interface FeedParts extends Subscriber {
  readonly limits: {
    /** Bytes of events that may wait because they cannot be read again. */
    readonly session_queue_bytes: number;
  };
  /** Whether the connection takes so many events of so many bytes now (M11). */
  takes(events: number, bytes: number): boolean;
  /** How much it takes before its window or its socket is full. */
  room(): Most;
  sendEvents(events: EventFrames): void;
  /** More events wait than may. */
  overflowed(): void;
  /** A log could not be read. */
  readFailed(error: unknown): void;
}

/** Messages that can be read again. The log may grow while they wait. */
interface Behind extends Stretch {
  readonly kind: "behind";
  from: number;
  to: number;
}

interface Waiting {
  readonly kind: "event";
  readonly frame: EventFrames;
  /** Whether a life of the room ends with it. */
  readonly isEnd: boolean;
}

type Item = Behind | Waiting;

/** What has not been delivered of one lane, in its order. */
interface Lane {
  items: Item[];
  /** Whether nothing of it is delivered for now. */
  held: boolean;
}

/** What a connection has that lags nowhere. Shared, so nothing is ever put into it. */
const NO_LANES = new Map<string, never>();

/** Messages that are read at once for one connection. */
const PAGE = 256;

/**
 * The events of one connection. What it cannot take at once waits in lanes, one for each room (M11): messages only
 * as a stretch of the log, from which they are read when the connection is ready again; everything else as it is,
 * in its place among them. While something waits, what comes waits behind it: every lane keeps its order, and the
 * lanes take turns. Nothing is kept of a room in which the connection does not lag.
 */
export class Feed {
  readonly #parts: FeedParts;
  #lanes: Map<string, Lane> = NO_LANES;
  /** Bytes of the events that wait as they are. */
  #waiting = 0;
  #isReading = false;
  #ended = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Takes the next events of their lane. */
  deliver(frames: EventFrames, place: Place): void {
    if (this.#ended) return;
    const fits = this.#parts.takes(frames.texts.length, frames.bytes);
    if (fits && this.#lanes.size === 0) return this.#parts.sendEvents(frames);
    if (place.isLossy && !(fits && this.#isLevel(place.lane))) return;
    if (place.stretch) extend(this.#lane(place.lane).items, place.stretch);
    else this.#wait(frames, place);
    this.serve();
  }

  /** Takes messages that are not for the view: what waits before them may be read under another one, and they with it (M10, M17). */
  pass({ lane, stretch }: Place): void {
    if (stretch && !this.#ended && !this.#isLevel(lane)) extend(this.#lane(lane).items, stretch);
  }

  /** Takes messages of a lane that are read as soon as the connection takes them. */
  follow(key: string, stretch: Stretch): void {
    if (this.#ended) return;
    extend(this.#lane(key).items, stretch);
    this.serve();
  }

  /** Forgets all that waits in a lane; the first of the messages among it. */
  recall(key: string): number | undefined {
    const first = this.#lanes.get(key)?.items.find((item) => item.kind === "behind");
    this.drop(key, "all");
    this.serve();
    return first?.from;
  }

  /** Delivers what waits, as far as the connection takes it. */
  serve(): void {
    while (this.#lanes.size > 0 && !this.#isReading && !this.#ended) {
      const [key, lane] = this.#next() ?? [];
      if (key === undefined || !lane) return;
      const [item] = lane.items;
      if (!item) this.#forget(key);
      else if (!this.#parts.takes(1, item.kind === "event" ? item.frame.bytes : 1)) return;
      else if (item.kind === "event") this.#sendFirst(lane, item);
      else void this.#readFirst(key, lane, item);
    }
  }

  /** Keeps back what comes for a lane until `release`. */
  hold(key: string): void {
    this.#lane(key).held = true;
  }

  release(key: string): void {
    const lane = this.#lanes.get(key);
    if (lane) lane.held = false;
    this.serve();
  }

  /** Sets the cursor of a held lane: what was left of earlier lives goes, `stretch` comes, then what came since (M10). */
  move(key: string, stretch: Stretch): void {
    this.toLife(key, stretch.epoch);
    const lane = this.#lane(key);
    lane.items = moved(lane.items, stretch);
  }

  /** Forgets what is left of earlier lives than this one. */
  toLife(key: string, epoch: string): void {
    const lane = this.#lane(key);
    lane.items = ofLife(lane.items, epoch);
    this.#waiting = bytesOf(this.#lanes.values());
  }

  /** The lanes in which something waits. */
  get lanes(): string[] {
    return [...this.#lanes.keys()];
  }

  /** How many events wait. */
  get lag(): number {
    if (this.#lanes === NO_LANES) return 0;
    const items = Array.from(this.#lanes.values(), (lane) => lane.items).flat();
    return items.reduce((sum, item) => sum + (item.kind === "event" ? 1 : item.to - item.from + 1), 0);
  }

  /** Forgets what waits in a lane: all, or only messages of the log, or all but these. */
  drop(key: string, what: "all" | "log" | "events"): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    const left = what === "log" ? "event" : "behind";
    lane.items = what === "all" ? [] : lane.items.filter(({ kind }) => kind === left);
    this.#waiting = bytesOf(this.#lanes.values());
  }

  /**
   * Runs `end`, by which the client ends subscriptions, and forgets the messages that it wants no more: also those that are told only
   * now, before the subscription ends. What nobody had subscribed to any more before, such as a room that is over, is still for it.
   */
  without(end: () => void): void {
    const isWanted = (item: Item) => item.kind !== "behind" || item.log.isWanted(this.#parts, item.room_id);
    const rest = new Set(
      [...this.#lanes.values()].flatMap(({ items }) => items.filter((one) => !isWanted(one))),
    );
    end();
    for (const lane of this.#lanes.values()) {
      lane.items = lane.items.filter((item) => isWanted(item) || rest.has(item));
    }
    this.serve();
  }

  /** Nothing further is delivered. */
  end(): void {
    this.#ended = true;
    this.#lanes = NO_LANES;
  }

  #lane(key: string): Lane {
    const lane = this.#lanes.get(key) ?? { items: [], held: false };
    if (this.#lanes === NO_LANES) this.#lanes = new Map();
    this.#lanes.set(key, lane);
    return lane;
  }

  #forget(key: string): void {
    this.#lanes.delete(key);
    if (this.#lanes.size === 0) this.#lanes = NO_LANES;
  }

  #isLevel(key: string): boolean {
    return (this.#lanes.get(key)?.items.length ?? 0) === 0;
  }

  #next(): [string, Lane] | undefined {
    for (const one of this.#lanes) if (!one[1].held) return one;
    return undefined;
  }

  #wait(frame: EventFrames, { lane, isEnd = false }: Place): void {
    this.#lane(lane).items.push({ kind: "event", frame, isEnd });
    this.#waiting += frame.bytes;
    if (this.#waiting > this.#parts.limits.session_queue_bytes) this.#parts.overflowed();
  }

  #sendFirst(lane: Lane, { frame }: Waiting): void {
    lane.items.shift();
    this.#waiting -= frame.bytes;
    this.#parts.sendEvents(frame);
  }

  async #readFirst(key: string, lane: Lane, behind: Behind): Promise<void> {
    this.#isReading = true;
    const { events, bytes } = this.#parts.room();
    try {
      const most = { events: Math.min(events, PAGE), bytes };
      const run = await behind.log.read(this.#parts, behind, most);
      this.#isReading = false;
      // Held, moved or pruned meanwhile: what was read is not what comes next.
      const isNext = !this.#ended && !lane.held && lane.items[0] === behind;
      const goesOn = isNext ? this.#play(lane, behind, run) : true;
      this.#toTheEnd(key, lane);
      if (goesOn) this.serve();
    } catch (error) {
      if (!this.#ended) this.#parts.readFailed(error);
    }
  }

  /** Sends what was read at the head of a lane. Whether all of it fitted: otherwise there is no use in trying again. */
  #play(lane: Lane, behind: Behind, run: LogRun | undefined): boolean {
    if (!run) {
      lane.items.shift();
      return true;
    }
    const { dropped, events, read_to = 0 } = run;
    const parts = [
      ...(dropped ? [{ next: dropped.first_id, frame: dropped.frame }] : []),
      ...events.map(({ msg_id, frame }) => ({ next: msg_id + 1, frame })),
    ];
    for (const { next, frame } of parts) {
      if (!this.#parts.takes(1, frame.bytes)) return false;
      this.#parts.sendEvents(frame);
      behind.from = next;
    }
    behind.from = Math.max(behind.from, read_to + 1);
    if (behind.from > behind.to) {
      lane.items.shift();
      behind.log.sent?.();
    }
    return true;
  }

  /** The lanes take turns. */
  #toTheEnd(key: string, lane: Lane): void {
    if (this.#lanes.get(key) !== lane) return;
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
  }
}

/** Adds messages behind what waits; a stretch that ends before them grows. */
function extend(items: Item[], stretch: Stretch): void {
  const last = items.at(-1);
  if (last?.kind === "behind" && last.epoch === stretch.epoch) last.to = Math.max(last.to, stretch.to);
  else items.push({ kind: "behind", ...stretch });
}

/** What waits of a life: all behind the end of the one before. */
function ofLife(items: readonly Item[], epoch: string): Item[] {
  const end = items.findLastIndex((item) => item.kind === "event" && item.isEnd);
  return items.slice(end + 1).filter((item) => item.kind === "event" || item.epoch === epoch);
}

/**
 * The items of one life with another cursor. Messages before `stretch` go; what is missing of it comes before the
 * messages that wait already, so that everything else keeps its place.
 */
function moved(items: readonly Item[], stretch: Stretch): Item[] {
  const { from } = stretch;
  const rest = items.flatMap((item): Item[] => {
    if (item.kind === "event") return [item];
    return item.to < from ? [] : [{ ...item, from: Math.max(item.from, from) }];
  });
  const at = rest.findIndex((item) => item.kind === "behind");
  const next = rest[at];
  // One stretch: of two, each would tell of what was dropped (M13).
  if (next?.kind === "behind") rest[at] = { ...next, from };
  else if (from <= stretch.to) rest.push({ kind: "behind", ...stretch });
  return rest;
}

function bytesOf(lanes: Iterable<Lane>): number {
  const items = Array.from(lanes, (lane) => lane.items).flat();
  return items.reduce((sum, item) => sum + (item.kind === "event" ? item.frame.bytes : 0), 0);
}
