import type { GrantedRight } from "../auth/auth.ts";

/** Rights that `"*"` does not cover: they are given by name (L8). */
const BY_NAME_ONLY: ReadonlySet<string> = new Set([
  "admin",
  "callback",
  "other_services",
  "msglog_purge",
  "room_update",
]);

/** The rights of a session: each everywhere or in the rooms of a pattern (L10). */
export class Rights {
  readonly #everywhere: ReadonlySet<string>;
  readonly #inRooms: readonly { readonly right: string; readonly rooms: string }[];

  constructor(granted: readonly GrantedRight[]) {
    this.#everywhere = new Set(granted.filter((one) => typeof one === "string"));
    this.#inRooms = granted.filter((one) => typeof one !== "string");
  }

  /** Whether they hold wherever there are rooms; what needs no right everybody may. */
  may(right: string | undefined): boolean {
    return right === undefined || covers(this.#everywhere, right);
  }

  /** Whether they hold in this room. */
  mayIn(room_id: string, right: string | undefined): boolean {
    return this.may(right) || this.nameRoom(room_id, right);
  }

  /** Whether one of them names this room: itself, or how its id begins. */
  nameRoom(room_id: string, right: string | undefined): boolean {
    if (right === undefined) return false;
    return this.#inRooms.some(
      (one) =>
        matches(one.rooms, room_id) && (one.right === right || (one.right === "*" && isCovered(right))),
    );
  }
}

function covers(granted: ReadonlySet<string>, right: string): boolean {
  return granted.has(right) || (granted.has("*") && isCovered(right));
}

function isCovered(right: string): boolean {
  return !BY_NAME_ONLY.has(right);
}

/** Whether a pattern means this room. */
function matches(rooms: string, room_id: string): boolean {
  return rooms.endsWith("*") ? room_id.startsWith(rooms.slice(0, -1)) : rooms === room_id;
}
