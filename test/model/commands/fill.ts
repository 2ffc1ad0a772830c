import type { RoomName } from "../steps.ts";
import { hearsMessages } from "../subscriptions.ts";
import { type Life, lastIdOf, livingOf, type Message, putLife, type World } from "../world.ts";

/** The log has grown by messages of somebody else; of all there is only the last one is kept, unless it is on hold (M22). */
export function fill(world: World, room: RoomName, messages: readonly Message[]): void {
  const life = livingOf(world, room) as Life;
  const grown = { ...life, messages: [...life.messages, ...messages] };
  if (world.holds.has(room)) return putLife(world, room, grown);
  const first_id = lastIdOf(grown);
  putLife(world, room, { ...grown, first_id });
  world.trims = [...world.trims, { room, life: life.number, first_id }];
}

/** How many messages a living room has of which no connection hears. */
export function lengthUnheard(world: World, room: RoomName): number | undefined {
  const life = livingOf(world, room);
  const isHeard = [...world.followers.values()].some((follower) => hearsMessages(follower, room));
  return life && !isHeard ? lastIdOf(life) : undefined;
}
