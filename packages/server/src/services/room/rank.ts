import type { RoomRole } from "@roomlog/protocol";
import { type Identity, RequestError, type Service } from "../../core/plugin.ts";

/** Only an owner decides about these, and about who has them (R8, R9). */
const HIGH: ReadonlySet<RoomRole | undefined> = new Set<RoomRole | undefined>(["owner", "moderator"]);

/** Throws 100030 when `who` may not do something to the user, or give him this role; 304001 as for a room that is not there. */
export function requireAbove(
  { roomRights }: Service,
  who: Identity,
  {
    room_id,
    user_id,
    role,
  }: { readonly room_id: string; readonly user_id: string; readonly role?: RoomRole | undefined },
): void {
  roomRights.require(who, "room_moderate", room_id);
  const isHigh = HIGH.has(role) || HIGH.has(roomRights.roleOf(user_id, room_id));
  if (isHigh && !roomRights.may(who, "room_own", room_id)) throw new RequestError(100030);
}
