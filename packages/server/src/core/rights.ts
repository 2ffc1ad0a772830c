import { rightsByName } from "@roomlog/protocol/rights";
import type { GrantedRight } from "../auth/auth.ts";

const BY_NAME_ONLY: ReadonlySet<string> = new Set(rightsByName);

/** Who reads a log needs it. */
const READING = "msglog_get";

/** By the list that was granted. */
const shared = new WeakMap<readonly GrantedRight[], Rights>();

/** The rights of a session: each everywhere or in the rooms of a pattern (L10). */
export class Rights {
  readonly #everywhere: ReadonlySet<string>;
  readonly #inRooms: readonly { readonly right: string; readonly rooms: string; readonly where?: string }[];
  /** Whether in some room they may narrow what he reads (M17). */
  readonly isNarrowed: boolean;

  constructor(granted: readonly GrantedRight[]) {
    this.#everywhere = new Set(granted.filter((one) => typeof one === "string"));
    this.#inRooms = granted
      .filter((one) => typeof one !== "string")
      .map(({ where, ...one }) => (where === undefined ? one : { ...one, where: JSON.stringify(where) }));
    this.isNarrowed = !this.may(READING) && this.#inRooms.some(({ where }) => where !== undefined);
  }

  /** The same for the same list: of open mode, and of each user, there is one. */
  static of(granted: readonly GrantedRight[]): Rights {
    const known = shared.get(granted) ?? new Rights(granted);
    shared.set(granted, known);
    return known;
  }

  /** Whether they hold wherever there are rooms; what needs no right everybody may. */
  may(right: string | undefined): boolean {
    if (right === undefined || this.#everywhere.has(right)) return true;
    return this.#everywhere.has("*") && !BY_NAME_ONLY.has(right);
  }

  /** Whether they hold in this room. */
  mayIn(room_id: string, right: string | undefined): boolean {
    return this.may(right) || this.nameRoom(room_id, right);
  }

  /** Whether they hold anywhere at all. */
  maySomewhere(right: string | undefined): boolean {
    return this.may(right) || this.#inRooms.some((one) => means(one.right, right));
  }

  /** The text of the filter that they put on reading in this room (M17): any of them lets a message through. */
  viewIn(room_id: string): string | undefined {
    if (!this.isNarrowed) return undefined;
    const views = new Set<string>();
    for (const { right, rooms, where } of this.#inRooms) {
      if (!(means(right, READING) && matchesRoom(rooms, room_id))) continue;
      if (where === undefined) return undefined;
      views.add(where);
    }
    const [only] = views;
    return views.size > 1 ? `{"or":[${[...views].join(",")}]}` : only;
  }

  /** Whether one of them names this room: itself, or how its id begins. */
  nameRoom(room_id: string, right: string | undefined): boolean {
    return this.#inRooms.some((one) => matchesRoom(one.rooms, room_id) && means(one.right, right));
  }
}

/** Whether a granted right is the one that is needed. */
function means(granted: string, right: string | undefined): boolean {
  return right === undefined || granted === right || (granted === "*" && !BY_NAME_ONLY.has(right));
}

/** Whether a pattern means this room (L10). */
export function matchesRoom(rooms: string, room_id: string): boolean {
  return rooms.endsWith("*") ? room_id.startsWith(rooms.slice(0, -1)) : rooms === room_id;
}
