import { type EventData, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { Life, Message, Page } from "../store/store.ts";
import type { EventFrames, Most } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import type { Actor } from "./judgement.ts";
import { type Log, messageEvent, readTo } from "./log.ts";
import type { RoomRights } from "./room-rights.ts";
import type { OpenSession } from "./sessions.ts";
import { both } from "./views.ts";

/** What is replayed: a part of the log of one life of a room. */
export interface Excerpt {
  readonly room_id: string;
  readonly epoch: string;
  /** The newest entry when the replay began. */
  readonly last_id: number;
  /** µs since 1970; where it ends. */
  readonly until: number;
  /** Messages as they are now, or all entries as they were sent. */
  readonly as: "final" | "then";
  /** The text of a filter (M17). */
  readonly where: string | undefined;
}

/** For whom it is read. */
export interface Reading {
  readonly id: number;
  readonly session: OpenSession;
  readonly excerpt: Excerpt;
  /** How often his rights in the room may have changed. */
  readonly judgements: number;
}

/** Ids, both exclusive; with `from_time` only messages from then on. */
export interface Range extends Most {
  readonly after: number;
  readonly before: number;
  readonly from_time?: number | undefined;
}

/** What there is to be shown of a range, and how far it was looked at. */
interface Found {
  readonly messages: readonly Message[];
  readonly read_to: number;
}

/** Why a replay cannot be read on: he may not any more, or the log is gone. */
export type Fault = "not_allowed" | "not_kept";

export interface ReplayReaderParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly log: Log;
  readonly rights: RoomRights;
}

/** Reads what is replayed from the store, as he who gets it may read it at that moment (R11, M17). */
export class ReplayReader {
  readonly #parts: ReplayReaderParts;

  constructor(parts: ReplayReaderParts) {
    this.#parts = parts;
  }

  /** The time of the first entry that he may read; undefined without one. Throws 100030 and 304001 when he may read none. */
  async firstTime(who: Actor, room_id: string, { epoch }: Life): Promise<number | undefined> {
    const after = (await this.#parts.rights.firstReadable(who, { room_id, epoch })) - 1;
    const page = await this.#page(
      { room_id, epoch },
      { after, before: Number.POSITIVE_INFINITY, events: 1, bytes: 1 },
    );
    return page?.messages[0]?.timestmap;
  }

  async read(reading: Reading, range: Range): Promise<Found | Fault> {
    const { session, excerpt, judgements } = reading;
    const { identity: who } = session;
    try {
      const page = await this.#pageFor(who, excerpt, range);
      // Something may have changed since it was asked for.
      if (reading.judgements !== judgements || session.identity !== who) return this.read(reading, range);
      if (!page) return "not_kept";
      const messages = excerpt.as === "then" ? page.messages : page.messages.filter(stands);
      return { messages, read_to: readTo(page, range.events) ?? range.before - 1 };
    } catch (error) {
      if (error instanceof RequestError) return "not_allowed";
      throw error;
    }
  }

  /** Whether he may read it still. */
  async mayRead({ session: { identity: who }, excerpt: { room_id, epoch } }: Reading): Promise<boolean> {
    return this.#parts.rights.mayInLife(who, "msglog_get", { room_id, epoch });
  }

  /** A message as the client gets it: with the replay's id, by which it tells it from a new one. */
  messageFrame({ id, session, excerpt: { room_id } }: Reading, message: Message): EventFrames {
    const { hub, log } = this.#parts;
    const body = log.textOf({ ...message, log: { ...message.log, replay: id } });
    return hub.frameFor(session, { ...messageEvent(room_id), body });
  }

  endFrame({ id, session, excerpt: { room_id } }: Reading, reason: string): EventFrames {
    return this.#parts.hub.frameFor(session, endedEvent(room_id, { replay: id, reason }));
  }

  async #pageFor(
    who: Actor,
    { as, until, where, ...life }: Excerpt,
    range: Range,
  ): Promise<Page | undefined> {
    const { rights, log } = this.#parts;
    const readable = await rights.firstReadable(who, life);
    const view = both(where, await rights.viewInLife(who, life));
    const mayModerate = as === "then" && (await rights.mayInLife(who, "room_moderate", life));
    const asSent = as === "then" ? ({ as_sent: mayModerate ? "all" : "kept" } as const) : {};
    const after = Math.max(range.after, readable - 1);
    return this.#page(life, { ...range, after }, { to_time: until, ...asSent, ...log.seenBy(view) });
  }

  #page(
    { room_id, epoch }: Pick<Excerpt, "room_id" | "epoch">,
    { after, before, events: limit, bytes: max_bytes, from_time }: Range,
    more: { readonly to_time?: number; readonly where?: string; readonly as_sent?: "kept" | "all" } = {},
  ): Promise<Page | undefined> {
    const { service, store } = this.#parts;
    const from = from_time === undefined ? {} : { from_time };
    return store.messages({
      service,
      room_id,
      epoch,
      after,
      before,
      order: "asc",
      limit,
      max_bytes,
      ...from,
      ...more,
    });
  }
}

/** Whether it is a message that was not deleted. */
function stands({ log }: Message): boolean {
  return log?.op === undefined && log?.deleted === undefined;
}

/** M26 */
function endedEvent(obj_id: string, body: object): EventData {
  return { class: "media", subclass: "room", type: roomEvents.msglog_replay_ended, obj_id, body };
}
