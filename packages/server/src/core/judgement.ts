import { type ErrorCode, type RoomAccess, type RoomRole, roleRights } from "@roomlog/protocol";
import type { Standing } from "../store/store.ts";
import type { Rights } from "./rights.ts";

/** Who asks: his name, and what was granted to him. */
export interface Actor {
  readonly user_id: string;
  readonly rights: Rights;
}

export type UserStanding = Omit<Standing, "since_id">;

/** What a room says about who may do what in it. */
export interface RoomSays {
  readonly access: RoomAccess | undefined;
  of(user_id: string): UserStanding | undefined;
}

/** The rights of a room's owner: a role decides about these, and no others (R8). */
const ROOM_RIGHTS: ReadonlySet<string> = new Set(roleRights.owner);

/** Without a voice these are of no use (R9, R10). */
const SPEAKING: ReadonlySet<string> = new Set(["msglog_send", "msglog_edit", "room_info", "room_status"]);

/** In which room, and what it says. */
export interface Asked {
  readonly room_id: string;
  readonly room: RoomSays | undefined;
  /** µs since 1970 */
  readonly now: () => number;
}

/** Why somebody may not do something in a room; undefined when he may. */
export function refusalOf(
  { user_id, rights }: Actor,
  right: string | undefined,
  { room_id, room, now }: Asked,
): ErrorCode | undefined {
  const isGranted = rights.mayIn(room_id, right);
  if (!room || right === undefined || rights.may("admin")) return isGranted ? undefined : 100030;
  const { role, muted } = inForce(room.of(user_id) ?? NOTHING, now);
  // To who is kept out the room does not exist; who has no right is told what he would be told without it.
  if (!isLetIn(role, room.access, rights, room_id)) return isGranted ? 304001 : 100030;
  const isAllowed = role && ROOM_RIGHTS.has(right) ? roleRights[role].includes(right) : isGranted;
  if (!isAllowed) return 100030;
  if (!SPEAKING.has(right)) return undefined;
  if (muted) return 304107;
  return room.access?.read_only && !moderates(role, rights, room_id) ? 304108 : undefined;
}

const NOTHING: UserStanding = {};

function isLetIn(
  role: RoomRole | undefined,
  access: RoomAccess | undefined,
  rights: Rights,
  room_id: string,
): boolean {
  if (role) return role !== "banned";
  if (access?.join === "token") return rights.nameRoom(room_id, "room_join");
  return access?.join !== "invited";
}

function moderates(role: RoomRole | undefined, rights: Rights, room_id: string): boolean {
  return role ? roleRights[role].includes("room_moderate") : rights.mayIn(room_id, "room_moderate");
}

/** Whether he may read what was sent before he came (R11). */
export function readsAll(who: Actor, asked: Asked): boolean {
  if (refusalOf(who, "msglog_history", asked) !== undefined) return false;
  if (asked.room?.access?.history !== "joined") return true;
  const { role } = inForce(asked.room.of(who.user_id) ?? NOTHING, asked.now);
  return who.rights.may("admin") || moderates(role, who.rights, asked.room_id);
}

/** The text of the filter on what he reads in a room (M17): his grants may have one, a role has none. */
export function viewOf({ user_id, rights }: Actor, { room_id, room, now }: Asked): string | undefined {
  const view = rights.viewIn(room_id);
  if (view === undefined || !room || rights.may("admin")) return view;
  return inForce(room.of(user_id) ?? NOTHING, now).role ? undefined : view;
}

/** A standing without what is over. */
export function inForce(standing: UserStanding, now: () => number): UserStanding {
  const { role_until, muted_until } = standing;
  if (role_until === undefined && muted_until === undefined) return standing;
  const time = now();
  const { role, muted } = standing;
  return {
    ...(role && !isOver(role_until, time) && { role, ...(role_until !== undefined && { role_until }) }),
    ...(muted && !isOver(muted_until, time) && { muted, ...(muted_until !== undefined && { muted_until }) }),
  };
}

function isOver(until: number | undefined, now: number): boolean {
  return until !== undefined && until <= now;
}
