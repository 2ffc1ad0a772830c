import { isJsonObject, isName, type JsonObject, MAX_USER } from "@roomlog/protocol";
import type { Grant } from "./auth.ts";
import { inRooms, isRoom } from "./claims.ts";
import { LISTEN, MODERATE, TALK } from "./conference.ts";

/** Reads a token of Jitsi Meet: `context.user` is who comes, `room` where to, `"*"` being every room (L15). */
export function readJitsi(claims: JsonObject, tenant: string | undefined): Grant | undefined {
  const { sub, room, context } = claims;
  const user = isJsonObject(context) && isJsonObject(context.user) ? context.user : {};
  if (tenant !== undefined && sub !== "*" && sub !== tenant) return undefined;
  if (!isName(user.id, MAX_USER) || !(room === "*" || isRoom(room))) return undefined;
  const moderator = [claims.moderator, user.moderator].some((value) => value === true || value === "true");
  const rights = ["room_join", ...TALK, ...LISTEN, ...(moderator ? MODERATE : [])];
  const meta = { ...(typeof user.name === "string" && { name: user.name }), moderator };
  return { user_id: user.id, rights: inRooms(room, rights), meta };
}
