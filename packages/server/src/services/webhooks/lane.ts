import { type LogStretch, matchesRoom, type Undelivered } from "../../core/plugin.ts";
import { bodyOf, MAX_BYTES, type Outcome, type Parcel, post, STOPPING } from "./request.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** What became of a look at a room. */
export type Step =
  | { readonly kind: "level" }
  /** Something was told; `isLevel` when that was all there was. */
  | { readonly kind: "told"; readonly isLevel: boolean }
  | {
      readonly kind: "failed";
      readonly error: string;
      readonly retry_after_ms: number;
      /** 410: the receiver works, and does not want it. */
      readonly isGone: boolean;
      /** Whether the cursor has gone on all the same (W6). */
      readonly gaveUp: boolean;
    };

/** How far a webhook has been told of a room. It may be ahead of the store, which is written a little later. */
interface Place {
  readonly epoch: string;
  readonly delivered_id: number;
  readonly ended: boolean;
}

/** What a request tells, and of which id it goes on. */
interface Packed extends Parcel {
  readonly after: number;
}

type Failure = Outcome & { readonly kind: "failed" };

/** Messages are given up after so many tries at least (W6). */
const LEAST_TRIES = 5;

/** A room on its way to a webhook: there is one while something has to be told, or is told and not kept yet (W2). */
export class Lane {
  readonly room_id: string;
  /** Whether something new came since the last look began. */
  hasNews = false;
  state: "waiting" | "running" | "resting" | "level" = "waiting";
  /** Ends the rest of one that is resting. */
  stopRest: () => void = () => {};
  /** Failures in a row. */
  failures = 0;
  /** When the oldest message on its way was sent, or the first try to tell of what is none; µs since 1970. */
  oldest: number | undefined;
  readonly #surroundings: Surroundings;
  readonly #settings: () => WebhookSettings;
  #place: Place | undefined;
  #isKept = true;

  constructor(room_id: string, settings: () => WebhookSettings, surroundings: Surroundings) {
    this.room_id = room_id;
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  /** Whether the store knows all of it. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Makes one request, if there is something to tell. */
  async step(abort: AbortController): Promise<Step> {
    const { deliveries, clock, service } = this.#surroundings;
    const life = await deliveries.next(this.#key());
    const parcel = life && (await this.#pack(life));
    const settings = this.#settings();
    // A reload may have come while it was read (W8).
    if (!(parcel && matchesRoom(settings.rooms, this.room_id))) {
      this.oldest = undefined;
      return { kind: "level" };
    }
    this.oldest = parcel.messages[0]?.timestmap ?? this.oldest ?? clock.wall();
    const outcome = await post(settings, bodyOf(service.name, settings.name, parcel), { clock, abort });
    if (outcome.kind === "failed" && abort.signal.reason === STOPPING) return { kind: "level" };
    return outcome.kind === "ok" ? this.#told(life, parcel) : this.#failed(parcel, outcome);
  }

  /** Writes down how far it is. */
  async keep(): Promise<void> {
    const place = this.#place;
    if (!place) return;
    await this.#surroundings.deliveries.move({ ...this.#key(), ...place });
    if (this.#place === place) this.#isKept = true;
  }

  /** What comes next of a life; undefined when nothing does. */
  async #pack(life: Undelivered): Promise<Packed | undefined> {
    const { room_id } = this;
    const { epoch, last_id, destroyed_at } = life;
    const after = this.#reached(life);
    const read = after < last_id ? await this.#read(epoch, after) : { first_id: after + 1, messages: [] };
    // What is not kept is dropped as a whole.
    const { first_id, messages } = read ?? { first_id: last_id + 1, messages: [] };
    const isDropped = first_id > after + 1;
    const dropped = isDropped ? { dropped: { from: after + 1, to: first_id - 1 } } : {};
    const destroyed = destroyed_at !== undefined && endOf({ after, messages, ...dropped }) >= last_id;
    if (messages.length === 0 && !isDropped && !destroyed) return undefined;
    return { room_id, epoch, after, messages, destroyed, ...dropped };
  }

  /** The first look at a life is written down too: what is dropped from then on is known to be. */
  #reached({ epoch, delivered_id, has_cursor }: Undelivered): number {
    if (this.#place?.epoch === epoch) return this.#place.delivered_id;
    if (!has_cursor) this.#moveTo({ epoch, delivered_id, ended: false });
    return delivered_id;
  }

  #read(epoch: string, after: number): Promise<LogStretch | undefined> {
    const { room_id, failures } = this;
    const limit = Math.max(1, Math.floor(this.#settings().max_messages / 2 ** failures));
    return this.#surroundings.deliveries.read({ room_id, epoch, after, limit, max_bytes: MAX_BYTES });
  }

  async #told({ last_id }: Undelivered, parcel: Packed): Promise<Step> {
    const delivered_id = endOf(parcel);
    this.failures = 0;
    this.oldest = undefined;
    this.#moveTo({ epoch: parcel.epoch, delivered_id, ended: parcel.destroyed });
    // The next life is found behind this one.
    if (parcel.destroyed) await this.keep();
    return { kind: "told", isLevel: delivered_id >= last_id && !parcel.destroyed };
  }

  async #failed(parcel: Packed, { error, retry_after_ms, isGone }: Failure): Promise<Step> {
    this.failures += 1;
    const old = isGone ? parcel.messages.length : this.#tooOld(parcel);
    const gaveUp = isGone || old > 0 || (parcel.messages.length === 0 && this.#isHopeless());
    if (gaveUp) await this.#giveUp(parcel, old, error);
    return { kind: "failed", error, retry_after_ms, isGone, gaveUp };
  }

  /** How many of the messages are to be given up. */
  #tooOld({ messages }: Parcel): number {
    if (this.failures < LEAST_TRIES) return 0;
    const oldest = this.#oldestKept();
    return messages.filter(({ timestmap }) => timestmap < oldest).length;
  }

  /** Whether what has no message in it was tried for long enough. */
  #isHopeless(): boolean {
    return this.failures >= LEAST_TRIES && (this.oldest ?? 0) < this.#oldestKept();
  }

  #oldestKept(): number {
    return this.#surroundings.service.steadyTime() - this.#settings().max_age_seconds * 1e6;
  }

  /**
   * Goes on behind the first `count` messages, which become a dead letter with what was dropped before them (W6). The end of
   * the life, if it was in it too, is told by itself.
   */
  async #giveUp({ epoch, after, destroyed, ...parcel }: Packed, count: number, error: string): Promise<void> {
    const to_id = endOf({ ...parcel, after, messages: parcel.messages.slice(0, count) });
    const place = { epoch, delivered_id: to_id, ended: destroyed && to_id === after };
    const stretch = { from_id: after + 1, to_id, error };
    const dead = { ...stretch, at: this.#surroundings.clock.wall() };
    await this.#surroundings.deliveries.move({ ...this.#key(), ...place, dead });
    this.#place = place;
    this.#isKept = true;
    this.failures = 0;
    this.oldest = undefined;
    this.#surroundings.gaveUp({ ...this.#key(), epoch, ...stretch });
  }

  #moveTo(place: Place): void {
    this.#place = place;
    this.#isKept = false;
    this.#surroundings.keepLater(this);
  }

  #key() {
    return { webhook: this.#settings().name, room_id: this.room_id };
  }
}

/** The newest id that is told with a parcel. */
function endOf({ messages, dropped, after }: Pick<Packed, "messages" | "dropped" | "after">): number {
  return messages.at(-1)?.msg_id ?? dropped?.to ?? after;
}
