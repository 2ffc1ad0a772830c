import type { StoredMessage } from "@roomlog/protocol";
import type { CommandResult } from "@roomlog/protocol/commands";
import { command, type Identity, type Log, type Marks, RequestError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** Rooms of a page (M20). */
const PAGE = 1000;

/** Messages that are counted by a filter at once. */
const COUNTED = 1000;

type Unread = CommandResult<"media/room/msglog_unread">[number];

/** M20: of the rooms that are named, or of those in which who asks has a mark. */
export const unread = (marks: Marks, log: Log, settings: () => MsglogSettings) =>
  command("media/room/msglog_unread", {
    judgedBy: "any grant",
    async run({ data: { rooms, after, limit = PAGE, where: filter }, session: { identity } }) {
      const where = whereIn(filter, settings());
      const found = rooms
        ? await marks.unread(rooms, identity)
        : await marks.unreadOfMarked(identity, { ...defined({ after }), limit });
      if (where === undefined) return found;
      const { max_scan, max_get_bytes: max_bytes } = settings();
      if (found.reduce((sum, room) => sum + room.unread, 0) > max_scan)
        throw new RequestError(304103, { limit: max_scan, field: "rooms", setting: "msglog.max_scan" });
      const counting = new Counting(log, { where, max_bytes });
      const counted: Unread[] = [];
      for (const room of found) {
        const unread = await counting.of(room, identity).catch(left);
        if (unread !== undefined) counted.push({ ...room, unread });
      }
      return counted;
    },
  });

/** Counts the unread messages that a filter means (M17), one by one. */
class Counting {
  readonly #log: Log;
  readonly #query: { readonly where: string; readonly max_bytes: number };

  constructor(log: Log, query: { readonly where: string; readonly max_bytes: number }) {
    this.#log = log;
    this.#query = query;
  }

  /** Of the life that was looked at; reading it by its epoch is no activity of the room (R6). */
  async of({ room_id, epoch, unread, mark, last_id }: Unread, who: Identity): Promise<number> {
    let count = 0;
    // What is sent meanwhile is not counted without the filter either.
    const until = { order: "asc", limit: COUNTED, before: last_id + 1 } as const;
    const range = { room_id, epoch, ...this.#query, ...until };
    for (let after: number | undefined = unread > 0 ? mark : undefined; after !== undefined; ) {
      const { messages, read_to } = await this.#log.page({ ...range, after }, who);
      const page = JSON.parse(messages.text) as StoredMessage[];
      count += page.filter(({ $log }) => $log?.op === undefined).length;
      after = page.at(-1)?.msg_id ?? read_to;
    }
    return count;
  }
}

/** A room that has ended or was closed to him meanwhile is left out, as one that was so before. */
function left(error: unknown): undefined {
  if (error instanceof RequestError && [304001, 304106, 100030].includes(error.code)) return undefined;
  throw error;
}
