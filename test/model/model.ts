import { isDeepStrictEqual } from "node:util";
import { type Answer, matches, textOf } from "./answers.ts";
import { erase } from "./commands/erase.ts";
import { fill, lengthUnheard } from "./commands/fill.ts";
import { subscribeMember } from "./commands/members.ts";
import { shownOf } from "./commands/reading.ts";
import { hasDoubtful, isLagging, Mismatch, settle } from "./lanes.ts";
import { Search, type Talks } from "./legal.ts";
import { limits } from "./limits.ts";
import type { Moment } from "./plan.ts";
import type { RoomName, UserName } from "./steps.ts";
import {
  copyOf,
  emptyWorld,
  type Follower,
  fingerprint,
  keptOf,
  type Life,
  lifeOf,
  livingOf,
  type Message,
  putMembers,
  putTyped,
  storedBody,
  type World,
} from "./world.ts";

/**
 * What may be so, by the rules: usually one world, more when nobody can know yet which way things went (whether a send
 * whose connection broke was stored; which of two connections was served first, while one lags).
 */
export class Model {
  #worlds: readonly World[] = [emptyWorld()];

  /** Any of them: what somebody who plans the next step would think. */
  get world(): World {
    return this.#worlds[0] as World;
  }

  connect(place: number, who: { readonly user_id: UserName; readonly session_id: string }): void {
    const nothing = { subscriptions: new Map(), cursors: new Map<never, never>(), lanes: new Map() };
    this.#change((world) => {
      world.followers.set(place, { ...who, ...nothing, trims: world.trims.length } satisfies Follower);
      for (const [room, { members }] of world.rooms) {
        if (members.has(who.session_id)) subscribeMember(world, place, room);
      }
    });
  }

  disconnect(place: number): void {
    this.#change((world) => void world.followers.delete(place));
  }

  /** Members are kept in memory (R4). */
  restart(): void {
    this.#change((world) => {
      world.followers.clear();
      for (const room of world.rooms.keys()) {
        putMembers(world, room, new Map());
        const schemas = livingOf(world, room)?.schemas ?? [];
        putTyped(
          world,
          room,
          new Map(schemas.map(({ type, version, schema }) => [type, { type, version, schema }])),
        );
      }
    });
  }

  /** A log that nobody hears of has grown, and only its last message is kept. */
  fill(room: RoomName, messages: readonly Message[]): void {
    this.#change((world) => fill(world, room, messages));
  }

  /** Whether a room is there of whose messages nobody hears, and how many it has, in all worlds. */
  lengthUnheard(room: RoomName): number | undefined {
    const lengths = new Set(this.#worlds.map((world) => lengthUnheard(world, room)));
    return lengths.size === 1 ? [...lengths][0] : undefined;
  }

  /** What the user wrote is gone, but for rooms on hold, and everybody is told (M21). */
  erase(user: UserName): void {
    this.#change((world) => erase(world, user));
  }

  /** Keeps the worlds in which what was seen is legal. */
  explain(talks: Talks, reach: Moment["reach"]): void {
    const search = new Search(talks, reach);
    this.#keep(search.from(this.#worlds), () => search.reason);
  }

  /** Keeps the worlds in which a room's log looks as it was seen to. */
  observe(room: RoomName, seen: Answer): void {
    const due: string[] = [];
    const isSo = (world: World) => {
      const life = livingOf(world, room);
      const expected: Answer = life ? { ok: shownOf(world, room, life) } : { error: 304001 };
      due.push(textOf(expected));
      return matches(world, expected, seen);
    };
    const worlds = this.#worlds.map(copyOf).filter(isSo);
    this.#keep(worlds, () => `the log of room ${room} is ${textOf(seen)}; due was ${due.join(" or ")}`);
  }

  /** The same for all messages of a life. */
  observeMessages({ room, life }: { room: RoomName; life: number }, seen: readonly unknown[]): void {
    const isSo = (world: World) => isDeepStrictEqual(allBodies(lifeOf(world, room, life)), seen);
    const due = JSON.stringify(lifeOf(this.world, room, life));
    const reason = `life ${life} of room ${room} is ${JSON.stringify(seen)}; due was ${due}`;
    this.#keep(this.#worlds.filter(isSo), () => reason);
  }

  /** Keeps the worlds in which nothing is due of which the window would let more come. */
  requireAll(unanswered: ReadonlyMap<number, number>): void {
    const late = (world: World) =>
      [...unanswered].filter(([place, events]) => isLagging(world, place) && events < limits.window);
    const isSo = (world: World) => late(world).length === 0;
    this.#keep(this.#worlds.filter(isSo), () => this.#missing(late(this.world).map(([place]) => place)));
  }

  /** Nothing of what may have been left out comes any more; what could not be told apart is one. */
  settle(unanswered: ReadonlyMap<number, number>): void {
    this.#change((world) => {
      for (const [place, events] of unanswered)
        settle(world, place, events < limits.window ? "open" : "full");
    });
    this.#worlds = [...new Map(this.#worlds.map((world) => [fingerprint(world), world])).values()];
  }

  isLagging(place: number): boolean {
    return this.#worlds.some((world) => isLagging(world, place));
  }

  /** Whether messages wait that may come or not. */
  mayGetMore(place: number): boolean {
    return this.#worlds.some((world) => hasDoubtful(world, place));
  }

  #missing(places: readonly number[]): string {
    const lanes = places.map((place) => [place, [...(this.world.followers.get(place)?.lanes ?? [])]]);
    return `more was due: ${JSON.stringify(lanes)}`;
  }

  #change(change: (world: World) => void): void {
    this.#worlds = this.#worlds.map((world) => {
      const copy = copyOf(world);
      change(copy);
      return copy;
    });
  }

  #keep(worlds: readonly World[], reason: () => string): void {
    if (worlds.length === 0) throw new Mismatch(reason());
    this.#worlds = worlds;
  }
}

function allBodies(life: Life): object[] {
  return keptOf(life).map((message) => storedBody(life, message));
}
