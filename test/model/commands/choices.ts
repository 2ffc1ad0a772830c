import { refused } from "../answers.ts";
import type { Planner } from "../plan.ts";
import type { EpochChoice, RoomName } from "../steps.ts";
import { endedOf, type Life, lastIdOf, livingOf, roomOf, type World } from "../world.ts";

const NOBODY = "no life has this name";

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that were given. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** The epoch that a request names. */
export function epochOf({ world }: Planner, room: RoomName, choice: EpochChoice | undefined) {
  switch (choice) {
    case undefined:
      return undefined;
    case "living":
      return livingOf(world, room)?.epoch ?? NOBODY;
    case "ended":
      return endedOf(world, room)[0]?.epoch ?? NOBODY;
    case "last":
      return "last";
    case "nobody":
      return NOBODY;
  }
}

/** An id that stands so far before the newest one of the life that a choice means. */
export function idBack({ world }: Planner, room: RoomName, back: number, choice?: EpochChoice): number {
  const isEnded = choice === "ended" || choice === "last";
  const life = isEnded ? endedOf(world, room)[0] : livingOf(world, room);
  return Math.max(0, (life ? lastIdOf(life) : 0) - back);
}

/** The life that a request means, or why there is none (M12). */
export function findLife(world: World, room: RoomName, epoch: string | undefined) {
  const life = lookUp(world, room, epoch);
  if (life) return { life };
  const isKnown = roomOf(world, room).lives.length > 0 && epoch !== undefined;
  return { refusal: refused(isKnown ? 304106 : 304001) };
}

function lookUp(world: World, room: RoomName, epoch: string | undefined): Life | undefined {
  if (epoch === undefined) return livingOf(world, room);
  if (epoch === "last") return endedOf(world, room)[0];
  return roomOf(world, room).lives.find((life) => life.epoch === epoch);
}
