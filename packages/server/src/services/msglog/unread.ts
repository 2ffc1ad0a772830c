import type { StoredMessage } from "@roomlog/protocol";
import type { CommandResult } from "@roomlog/protocol/commands";
import {
  command,
  type Identity,
  type Log,
  type Marks,
  MOST_MENTIONS,
  ONE_SCANNED,
  RequestError,
  type Service,
} from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** Rooms of a page (M20). */
const PAGE = 1000;

/** Messages that are counted by a filter at once. */
const COUNTED = 1000;

/** How often a room is counted whose log grows all the time. */
const TRIES = 3;

type Unread = CommandResult<"media/room/msglog_unread">[number];

/** M20: of the rooms that are named, or of those in which who asks has a mark. */
export const unread = (
  { roomRights }: Service,
  marks: Marks,
  { log, settings }: { readonly log: Log; readonly settings: () => MsglogSettings },
) =>
  command("media/room/msglog_unread", {
    judgedBy: "any grant",
    async run({ data: { rooms, after, limit = PAGE, where: filter }, session: { identity } }) {
      const where = whereIn(filter, settings());
      const found = rooms
        ? await marks.unread(rooms, identity)
        : await marks.unreadOfMarked(identity, { ...defined({ after }), limit });
      // Nothing has to be looked at.
      if (where === undefined && !identity.rights.isNarrowed) return found;
      const counting = new Counting(log, { where, ...settings() });
      /** Counted anew when the log has grown meanwhile: an edit or a deletion behind `last_id` would be seen already. */
      const countedIn = async (room: Unread, tries = TRIES): Promise<Unread | undefined> => {
        const view = await roomRights.viewInLife(identity, room);
        if (where === undefined && view === undefined) return room;
        const seen = await counting.of(room, identity).catch(left);
        if (!seen) return undefined;
        // Where nothing was unread nothing was looked at.
        const [now] = room.unread > 0 ? await marks.unread([room.room_id], identity) : [];
        if (now && now.last_id !== room.last_id && tries > 1) return countedIn(now, tries - 1);
        // What nothing hides is counted without looking at it.
        return { ...room, ...seen, ...(view === undefined && { mentions: room.mentions }) };
      };
      const counted: Unread[] = [];
      for (const room of found) {
        const one = await countedIn(room);
        if (one) counted.push(one);
      }
      return counted;
    },
  });

interface Asked {
  readonly where: string | undefined;
  readonly max_scan: number;
  readonly max_get_bytes: number;
}

/** Counts unread messages one by one (M17): those that a filter means, and that a right does not hide. */
class Counting {
  readonly #log: Log;
  readonly #asked: Asked;
  /** What may still be looked at, in all rooms together. */
  #left: number;

  constructor(log: Log, asked: Asked) {
    this.#log = log;
    this.#asked = asked;
    this.#left = asked.max_scan;
  }

  /** Of the life that was looked at; reading it by its epoch is no activity of the room (R6). Throws 304103. */
  async of({ room_id, epoch, unread, mark, last_id }: Unread, who: Identity) {
    const { where, max_get_bytes: max_bytes } = this.#asked;
    const seen = { unread: 0, mentions: 0 };
    // What is sent meanwhile is not counted without the filter either.
    const until = { order: "asc", limit: COUNTED, before: last_id + 1, max_bytes } as const;
    const range = { room_id, epoch, ...defined({ where }), ...until };
    if (unread > this.#left) throw this.#tooMany();
    for (let after: number | undefined = unread > 0 ? mark : undefined; after !== undefined; ) {
      const { messages, read_to } = await this.#log.page({ ...range, after }, who);
      const page = JSON.parse(messages.text) as StoredMessage[];
      this.#left -= page.length + Math.floor(messages.text.length / ONE_SCANNED);
      if (read_to !== undefined || this.#left < 0) throw this.#tooMany();
      const standing = page.filter(({ $log }) => $log?.op === undefined);
      seen.unread += standing.length;
      seen.mentions += standing.filter((message) => names(message, who.user_id)).length;
      after = page.at(-1)?.msg_id;
    }
    return { ...seen, mentions: Math.min(seen.mentions, MOST_MENTIONS) };
  }

  #tooMany(): RequestError {
    const { max_scan: limit } = this.#asked;
    return new RequestError(304103, { limit, field: "rooms", setting: "msglog.max_scan" });
  }
}

/** Nobody is told of what he says himself. */
function names({ user_id, $log }: StoredMessage, who: string): boolean {
  return user_id !== who && ($log?.mentions?.includes(who) ?? false);
}

/** A room that has ended or was closed to him meanwhile is left out, as one that was so before. */
function left(error: unknown): undefined {
  if (error instanceof RequestError && [304001, 304106, 100030].includes(error.code)) return undefined;
  throw error;
}
