import { isDeepStrictEqual } from "node:util";
import { type Answer, matches, textOf } from "./answers.ts";
import { Mismatch, type Seen, take } from "./lanes.ts";
import type { Moment, Phase, Plan } from "./plan.ts";
import { type RoomName, roomNames } from "./steps.ts";
import { copyOf, fingerprint, type World } from "./world.ts";

/** What one connection asked in a step, and all that it got. */
export interface Talk {
  readonly plans: readonly Plan[];
  /** By plan; absent when the connection ended first. */
  readonly answers: readonly (Answered | undefined)[];
  readonly events: readonly Event[];
  /** Whether it ended: then what was asked may not have happened. */
  readonly isCut: boolean;
}

/** `at` counts the frames that the connection got in this step. */
export interface Answered {
  readonly at: number;
  readonly answer: Answer;
}

export interface Event extends Seen {
  readonly at: number;
  readonly room: RoomName;
}

/** By place. */
export type Talks = ReadonlyMap<number, Talk>;

/** How far a way of explaining what was seen has come. */
interface Way {
  readonly world: World;
  /** By place: requests that were begun, and of these, those not yet done. */
  readonly begun: Map<number, number>;
  readonly running: Map<number, Running[]>;
  /** Writes that nobody has been told of, in the order of the log. */
  untold: readonly Running[];
  /** By place and room: events that were taken. */
  readonly taken: Map<string, number>;
}

interface Running {
  readonly index: number;
  /** What comes next. */
  readonly phase: Phase;
  /** Phases that are done. */
  readonly done: number;
}

/** Service is stopping (T5): the request was not begun. */
const STOPPING = 100051;

/**
 * The search for all worlds in which what was seen is legal: requests of one connection take effect in their order
 * (F6), those of different ones in any; each in one moment, or a few (`Phase`). Only worlds in which every answer is
 * the one that was seen, and in which every connection got what was due, and nothing else, are left.
 */
export class Search {
  readonly #talks: Talks;
  readonly #reach: Moment["reach"];
  readonly #found = new Map<string, World>();
  readonly #met = new Set<string>();
  /** The reason of the way that went farthest. */
  #dead = { depth: -1, reason: "there is no way" };

  constructor(talks: Talks, reach: Moment["reach"]) {
    this.#talks = talks;
    this.#reach = reach;
  }

  get reason(): string {
    return this.#dead.reason;
  }

  from(worlds: readonly World[]): World[] {
    for (const world of worlds) {
      this.#explore({
        world: copyOf(world),
        begun: new Map(),
        running: new Map(),
        untold: [],
        taken: new Map(),
      });
    }
    return [...this.#found.values()];
  }

  #explore(way: Way): void {
    for (;;) {
      const moves = this.#movesOf(way);
      if (this.#mayEnd(way)) this.#end(copyWay(way));
      const [only, another] = moves;
      if (!only) return;
      if (another) return this.#branch(way, moves);
      if (!this.#try(way, only)) return;
    }
  }

  #branch(way: Way, moves: readonly Move[]): void {
    const key = keyOf(way);
    if (this.#met.has(key)) return;
    this.#met.add(key);
    for (const move of moves) {
      const copy = copyWay(way);
      if (this.#try(copy, move)) this.#explore(copy);
    }
  }

  /** With one connection at work, the order of what does not depend on one another does not matter. */
  #movesOf(way: Way): Move[] {
    const places = [...this.#talks.keys()];
    const moves = places.flatMap((place) => this.#movesAt(way, place));
    const isAlone = new Set(moves.map(({ place }) => place)).size <= 1;
    return isAlone ? moves.slice(0, 1) : moves;
  }

  #movesAt(way: Way, place: number): Move[] {
    const running = way.running.get(place) ?? [];
    const going = running.filter((one) => one.phase.kind !== "tell" || way.untold[0] === one);
    const moves = going.map((one): Move => ({ place, ...one }));
    const index = way.begun.get(place) ?? 0;
    const plan = this.#talk(place).plans[index];
    const mayBegin = running.length === 0 || (plan?.pipelined && this.#arePipelined(place, running));
    return plan && mayBegin ? [...moves, { place, index, phase: plan.first, done: 0 }] : moves;
  }

  #arePipelined(place: number, running: readonly Running[]): boolean {
    const { plans } = this.#talk(place);
    return running.every(({ index }) => plans[index]?.pipelined);
  }

  /** Everything that was answered has been done; of a connection that ended the rest may have been, or not. */
  #mayEnd({ begun, running, untold }: Way): boolean {
    if (untold.length > 0) return false;
    return [...this.#talks].every(([place, { plans, answers, isCut }]) => {
      const left = Array.from(plans.keys()).slice(begun.get(place) ?? 0);
      const undone = [...left, ...(running.get(place) ?? []).map(({ index }) => index)];
      return undone.every((index) => isCut && answers[index] === undefined);
    });
  }

  #end(way: Way): void {
    const isLegal = this.#attempt(way, () => {
      for (const [place] of this.#talks) {
        for (const room of roomNames) this.#takeUntil(way, { place, room }, Number.POSITIVE_INFINITY);
      }
    });
    if (isLegal) this.#found.set(fingerprint(way.world), way.world);
  }

  /** Does the move; whether what was seen allows it. */
  #try(way: Way, move: Move): boolean {
    return this.#attempt(way, () => this.#do(way, move));
  }

  #attempt(way: Way, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      const depth = [...way.begun.values(), ...way.taken.values()].reduce((sum, n) => sum + n, 0);
      if (depth > this.#dead.depth) this.#dead = { depth, reason: error.message };
      return false;
    }
  }

  #do(way: Way, { place, index, phase, done }: Move): void {
    const answered = this.#talk(place).answers[index];
    this.#leave(way, { place, index });
    if (isStopping(answered)) return;
    const outcome = phase.run(way.world, this.#momentOf(way, { place, index }));
    if ("next" in outcome) this.#goOn(way, place, { index, phase: outcome.next, done: done + 1 });
    else if (answered) this.#requireAnswer(way, { place, index }, outcome.answer);
  }

  #leave(way: Way, { place, index }: Spot): void {
    const running = way.running.get(place) ?? [];
    way.running.set(
      place,
      running.filter((one) => one.index !== index),
    );
    way.untold = way.untold.filter((one) => !running.includes(one) || one.index !== index);
    way.begun.set(place, Math.max(way.begun.get(place) ?? 0, index + 1));
  }

  #goOn(way: Way, place: number, running: Running): void {
    way.running.set(place, [...(way.running.get(place) ?? []), running]);
    if (running.phase.kind === "tell") way.untold = [...way.untold, running];
  }

  #requireAnswer({ world }: Way, { place, index }: Spot, expected: Answer): void {
    const { plans, answers } = this.#talk(place);
    const answer = answers[index]?.answer;
    if (answer && matchesAnswer(world, expected, answer)) return;
    const name = plans[index]?.name;
    throw new Mismatch(`${name} at place ${place}: ${textOf(expected)} was due, not ${textOf(answer)}`);
  }

  #momentOf(way: Way, { place, index }: Spot): Moment {
    const until = this.#talk(place).answers[index]?.at ?? Number.POSITIVE_INFINITY;
    return {
      reach: this.#reach,
      takeUntilAnswer: (_, rooms) => {
        for (const room of rooms) this.#takeUntil(way, { place, room }, until);
      },
    };
  }

  #takeUntil(way: Way, { place, room }: { place: number; room: RoomName }, until: number): void {
    const events = this.#talk(place).events.filter((event) => event.room === room);
    const key = `${place} ${room}`;
    for (let n = way.taken.get(key) ?? 0; n < events.length; n++) {
      const event = events[n] as Event;
      if (event.at >= until) return;
      takeAt(way.world, { place, room }, event);
      way.taken.set(key, n + 1);
    }
  }

  #talk(place: number): Talk {
    return this.#talks.get(place) as Talk;
  }
}

interface Spot {
  readonly place: number;
  readonly index: number;
}

interface Move extends Spot, Running {}

function takeAt(world: World, { place, room }: { place: number; room: RoomName }, event: Event): void {
  try {
    take(world, place, room, event);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const what = JSON.stringify({ type: event.type, body: event.body }).slice(0, 200);
    throw new Mismatch(`place ${place}, room ${room}, frame ${event.at}: ${error.message}; came: ${what}`);
  }
}

function matchesAnswer(world: World, expected: Answer, seen: Answer): boolean {
  if ("error" in expected) return isDeepStrictEqual(expected, seen);
  return "ok" in seen && matches(world, expected.ok, seen.ok);
}

function isStopping(answered: Answered | undefined): boolean {
  return answered !== undefined && "error" in answered.answer && answered.answer.error === STOPPING;
}

function copyWay({ world, begun, running, untold, taken }: Way): Way {
  return {
    world: copyOf(world),
    begun: new Map(begun),
    running: new Map(running),
    untold,
    taken: new Map(taken),
  };
}

/** Two ways with the same key lead to the same ends. */
function keyOf({ world, begun, running, taken }: Way): string {
  const going = [...running].map(([place, all]) => [place, all.map(({ index, done }) => [index, done])]);
  return JSON.stringify([fingerprint(world), [...begun], going, [...taken]]);
}
