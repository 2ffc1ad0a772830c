import type { Answer } from "./answers.ts";
import type { RoomName, UserName } from "./steps.ts";
import type { World } from "./world.ts";

/** A request and what it does. */
export interface Plan {
  /** `class/subclass/cmd` */
  readonly name: string;
  readonly data: object;
  /** Whether it runs beside pipelined neighbours (F6). */
  readonly pipelined?: true;
  readonly first: Phase;
}

/**
 * A part of a request's work that nothing else divides. Between two phases others may work. A `write` is followed by
 * its `tell` phase; these come in the order of the writes, as the log has it.
 */
export interface Phase {
  readonly kind: "read" | "write" | "tell";
  run(world: World, moment: Moment): Outcome;
}

export type Outcome = { readonly answer: Answer } | { readonly next: Phase };

/** A phase as it meets the world. */
export interface Moment {
  /** Takes what the connection got of these rooms ahead of the answer to this request. */
  takeUntilAnswer(world: World, rooms: readonly RoomName[]): void;
  /** Whether a lossy event reaches who stands at `place`. */
  reach(world: World, place: number): "sure" | "maybe" | "not";
}

/** Whoever plans a request. */
export interface Planner {
  readonly place: number;
  readonly user_id: UserName;
  readonly session_id: string;
  /** The server's clock, µs. */
  readonly now: number;
  /** As things stand before the step. */
  readonly world: World;
  roomId(room: RoomName): string;
  /** A number that nothing else of the run has. */
  count(): number;
  /** The newest message that reached a connection of this place. */
  seen(room: RoomName): { readonly epoch: string; readonly msg_id: number } | undefined;
}

export function reads(run: Phase["run"]): Phase {
  return { kind: "read", run };
}

export function writes(run: Phase["run"]): Phase {
  return { kind: "write", run };
}

/** Answers, then tells: in one go. */
export function tells(answer: Answer, tell: (world: World, moment: Moment) => void = () => {}): Outcome {
  const run: Phase["run"] = (world, moment) => {
    tell(world, moment);
    return { answer };
  };
  return { next: { kind: "tell", run } };
}
