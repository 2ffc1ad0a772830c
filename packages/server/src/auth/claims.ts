import { isJsonObject, isName, type JsonObject, MAX_ROOM_ID, MAX_USER } from "@roomlog/protocol";
import type { Grant, GrantedRight } from "./auth.ts";
import { faultOfWhere } from "./filtered.ts";

/** Where a token says what. */
export interface ClaimNames {
  readonly user_claim: string;
  readonly rights_claim?: string | undefined;
  readonly meta_claim?: string | undefined;
  /** For everybody with a good token. */
  readonly rights: readonly GrantedRight[];
}

/** Reads claims by their configured names (L14). */
export function readClaims(claims: JsonObject, names: ClaimNames): Grant | undefined {
  const user_id = claims[names.user_claim];
  const granted = names.rights_claim === undefined ? [] : exactRights(claims[names.rights_claim] ?? []);
  const meta = names.meta_claim === undefined ? {} : (claims[names.meta_claim] ?? {});
  if (!isName(user_id, MAX_USER) || !granted || !isJsonObject(meta)) return undefined;
  return { user_id, rights: [...names.rights, ...granted], meta };
}

/** A claim names a room exactly, or not at all: a `*` at its end would make it a pattern (L10). */
export function isRoom(value: unknown): value is string {
  return isName(value, MAX_ROOM_ID) && !value.endsWith("*");
}

/** These rights in the rooms of a pattern. */
export function inRooms(rooms: string, rights: readonly string[]): GrantedRight[] {
  return rights.map((right) => ({ right, rooms }));
}

function exactRights(value: unknown): GrantedRight[] | undefined {
  return Array.isArray(value) && value.every(isExactRight) ? value : undefined;
}

function isExactRight(value: unknown): value is GrantedRight {
  if (typeof value === "string") return value !== "";
  if (!isJsonObject(value) || typeof value.right !== "string" || !isRoom(value.rooms)) return false;
  return faultOfWhere({ right: value.right, where: value.where }) === undefined;
}
