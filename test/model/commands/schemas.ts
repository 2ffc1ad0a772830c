import { roomEvents } from "@roomlog/protocol";
import { type Answer, ok, refused } from "../answers.ts";
import { tell } from "../lanes.ts";
import { type Outcome, type Plan, type Planner, reads, tells, writes } from "../plan.ts";
import { schemaOf, serviceSchemas } from "../schemas.ts";
import type { Op, RoomName } from "../steps.ts";
import { type Life, lastIdOf, lifeOf, livingOf, putLife, putTyped, roomOf, type World } from "../world.ts";
import { epochOf, findLife, given } from "./choices.ts";

/** M24: it holds from the turn in which it goes to the store. */
export function schema(planner: Planner, { room, ...change }: Op & { readonly do: "schema" }): Plan {
  const { roomId, user_id: by, now: at } = planner;
  const { type, schema: choice } = change;
  return {
    name: "media/room/msglog_set_schema",
    data: { room_id: roomId(room), type, schema: choice && schemaOf(choice) },
    first: reads((world): Outcome => {
      const life = livingOf(world, room);
      if (!life) return { answer: refused(304001) };
      const { number } = life;
      return { next: writes((then) => set(then, { room, number }, { type, schema: choice, by, at })) };
    }),
  };
}

type Version = Omit<Life["schemas"][number], "version" | "from_id">;

function set(world: World, { room, number }: { room: RoomName; number: number }, given: Version): Outcome {
  const life = livingOf(world, room);
  if (life?.number !== number) return tells(refused(304001));
  const { typed } = roomOf(world, room);
  const { type, schema, by } = given;
  const version = (typed.get(type)?.version ?? 0) + 1;
  putTyped(world, room, new Map(typed).set(type, { type, version, schema }));
  const kept = { ...given, version, from_id: lastIdOf(life) + 1 };
  putLife(world, room, { ...life, schemas: [...life.schemas, kept] });
  const event = { type: roomEvents.schema, body: { type, version, ...(!schema && { removed: true }), by } };
  return tells(ok({ version }), (then) => tell(then, room, event));
}

/** M24: of the service first, then of the room by type and version. */
export function schemas(planner: Planner, { room, ...asked }: Op & { readonly do: "schemas" }): Plan {
  const { type, versions } = asked;
  const epoch = epochOf(planner, room, asked.epoch);
  return {
    name: "media/room/msglog_schemas",
    data: { room_id: planner.roomId(room), ...given({ type, versions, epoch }) },
    first: reads((world): Outcome => {
      const { life, refusal } = findLife(world, room, epoch);
      if (!life) return { answer: refusal };
      const { number } = life;
      return { next: reads((then) => ({ answer: listed(lifeOf(then, room, number), { type, versions }) })) };
    }),
  };
}

interface Asked {
  readonly type: string | undefined;
  readonly versions: true | undefined;
}

function listed(life: Life, { type, versions }: Asked): Answer {
  const all = [...ofService, ...ofRoom(life, versions)];
  return ok(all.filter((one) => type === undefined || one.type === type));
}

const ofService = Object.entries(serviceSchemas).map(([type, one]) => ({ type, ...one, from: "service" }));

function ofRoom({ schemas: all }: Life, versions: true | undefined) {
  const isNewest = ({ type, version }: Life["schemas"][number]) =>
    !all.some((other) => other.type === type && other.version > version);
  return all
    .filter((one) => versions || (one.schema !== null && isNewest(one)))
    .toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : a.version - b.version))
    .map(({ schema: choice, ...one }) => ({ ...one, from: "room", schema: choice && schemaOf(choice) }));
}
