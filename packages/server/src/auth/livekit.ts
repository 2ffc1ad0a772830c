import { isJsonObject, isName, type JsonObject, MAX_USER } from "@roomlog/protocol";
import type { Grant, GrantedRight } from "./auth.ts";
import { inRooms, isRoom } from "./claims.ts";
import { LISTEN, MODERATE, TALK } from "./conference.ts";

/** Reads an access token of LiveKit: `sub` is the identity, `video` says what it may do (L15). */
export function readLiveKit({ sub, name, metadata, video }: JsonObject): Grant | undefined {
  if (!isName(sub, MAX_USER) || !isJsonObject(video)) return undefined;
  const { room } = video;
  if (room !== undefined && room !== "" && !isRoom(room)) return undefined;
  const meta = {
    ...(typeof name === "string" && { name }),
    ...(typeof metadata === "string" && { metadata }),
  };
  const rights = [...everywhere(video), ...(isRoom(room) ? inRooms(room, rightsIn(video)) : [])];
  return { user_id: sub, rights, meta };
}

function everywhere({ roomCreate, roomList }: JsonObject): GrantedRight[] {
  const create = roomCreate === true ? ["room_create", "room_destroy"] : [];
  return roomList === true ? [...create, "room_read"] : create;
}

/** What is not said about publishing and subscribing is allowed; data goes with the rest unless it is named. */
function rightsIn({
  roomJoin,
  roomAdmin,
  canPublish = true,
  canPublishData = canPublish,
  canSubscribe = true,
}: JsonObject): string[] {
  const joined = roomJoin === true;
  return [
    ...(joined ? ["room_join"] : []),
    ...(joined && canPublishData === true ? TALK : []),
    ...(joined && canSubscribe === true ? LISTEN : []),
    ...(roomAdmin === true ? MODERATE : []),
  ];
}
