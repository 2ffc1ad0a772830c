import {
  type Connection,
  ConnectionLost,
  isRefusal,
  systemTimers,
  type Timers,
  watch,
} from "@roomlog/client";
import { type EventData, errorCodes, type Filter } from "@roomlog/protocol";
import { memberText } from "../core/json-text.ts";
import { startOf } from "./get.ts";
import { idOf, type Print } from "./message-line.ts";
import { plain, remark } from "./output.ts";
import { overConnections, SILENT_MS } from "./over-connections.ts";
import { explained } from "./refusals.ts";
import { pageOf, sourceOn } from "./server-source.ts";
import { dataIn, patiently, type Session } from "./session.ts";
import type { Target } from "./target.ts";

/** Where the printed part of a log ends. */
interface Cursor {
  readonly epoch: string;
  readonly where?: Filter;
  after: number;
  /** What comes while it is not known of which life of the room it is. */
  held?: Arrival[] | undefined;
}

type Arrival = readonly [event: EventData, text: string];

/** Where to begin: behind a message, or so many before the end; and whether only some messages are wanted. */
interface Start {
  readonly after?: number;
  readonly lines: number;
  readonly where?: Filter;
}

const SUBSCRIBE = "media/room/msglog_subscribe";

/** Whether it may still read is asked this often, in milliseconds. */
const ASK_MS = 30_000;

/** Of a page when the rest of an ended life is read. */
const PAGE = 1000;

/**
 * Follows rooms over lost connections and restarts: what is printed is a cursor in each log, and each connection goes on
 * behind it (M10). It works on the text of the frames, so that messages are printed as they were sent (M7).
 */
export class Follower {
  readonly #print: Print;
  readonly #timers: Timers;
  readonly #cursors = new Map<string, Cursor>();
  /** Called when no room is left. */
  #ended: () => void = () => {};

  constructor(print: Print, timers: Timers = systemTimers) {
    this.#print = print;
    this.#timers = timers;
  }

  /** Resolves when all rooms have ended. Rejects with a `Failure`. */
  async follow(target: Target, rooms: readonly string[], start: Start): Promise<void> {
    const onEvent = (...arrival: Arrival) => this.#receive(...arrival);
    let isFirst = true;
    await overConnections(target, { onEvent }, async (session) => {
      if (isFirst)
        for (const room_id of rooms) this.#cursors.set(room_id, await cursorFor(session, room_id, start));
      isFirst = false;
      return this.#listen(session.connection);
    });
  }

  /** Resolves when the connection is lost, or with nothing when all rooms have ended. */
  async #listen(connection: Connection): Promise<ConnectionLost | undefined> {
    const ended = new Promise<undefined>((resolve) => {
      this.#ended = () => resolve(undefined);
    });
    const unwatch = watch(connection, this.#timers, SILENT_MS);
    const refused = Promise.withResolvers<never>();
    const stopAsking = this.#askNowAndThen(connection, refused.reject);
    try {
      for (const [room_id, cursor] of this.#cursors) await this.#goOn(connection, room_id, cursor);
      const lost = connection.closed.then((how) => new ConnectionLost(how));
      return await Promise.race([lost, ended, refused.promise]);
    } catch (error) {
      if (error instanceof ConnectionLost) return error;
      throw explained(error, SUBSCRIBE);
    } finally {
      unwatch();
      stopAsking();
    }
  }

  /** Nobody tells who may not read any more; so it is asked. Returns what ends that. */
  #askNowAndThen(connection: Connection, refused: (error: unknown) => void): () => void {
    const ask = () => {
      stop = this.#timers.after(ASK_MS, ask);
      for (const room_id of this.#cursors.keys())
        connection.call("media/room/msglog_info", { room_id }).catch((error: unknown) => {
          if (isKeptOut(error) && this.#cursors.has(room_id)) refused(error);
        });
    };
    let stop = this.#timers.after(ASK_MS, ask);
    return () => stop();
  }

  async #goOn(connection: Connection, room_id: string, cursor: Cursor): Promise<void> {
    const { epoch, after, where } = cursor;
    // Events may be here before this goes on with the answer.
    const held: Arrival[] = [];
    cursor.held = held;
    const from = { room_id, after, epoch, ...(where && { where }) };
    const found = await orMissing(patiently(() => connection.call(SUBSCRIBE, from)));
    if (found?.epoch === epoch) {
      if (!found.recovered) tellDropped(room_id, found.first_id);
      cursor.held = undefined;
      for (const arrival of held) this.#receive(...arrival);
      return;
    }
    // That life has ended meanwhile. What it still had may be kept; what is held is of the next one.
    if (found) await connection.call("media/room/msglog_unsubscribe", { room_id });
    await this.#printRest(connection, room_id, cursor);
    this.#end(room_id);
  }

  async #printRest(connection: Connection, room_id: string, cursor: Cursor): Promise<void> {
    const get = (query: string) =>
      patiently(() => connection.callText("media/room/msglog_get", query)).then(dataIn);
    for (;;) {
      const { held: _, ...from } = cursor;
      const page = (await orMissing(pageOf(get, { room_id, ...from, limit: PAGE }))) ?? [];
      if (page.length === 0) return;
      this.#print(room_id, page);
      cursor.after = idOf(page.at(-1) ?? "");
    }
  }

  #receive(...arrival: Arrival): void {
    const [{ type, obj_id: room_id = "", body = {} }, text] = arrival;
    const cursor = this.#cursors.get(room_id);
    if (!cursor) return;
    if (cursor.held) return void cursor.held.push(arrival);
    const { msg_id, first_id } = body as { readonly msg_id?: number; readonly first_id?: number };
    if (type === "msglog_new_msg") this.#printEvent(room_id, cursor, Number(msg_id), text);
    else if (type === "msglog_dropped") tellDropped(room_id, first_id);
    else if (type === "destroyed") this.#end(room_id);
  }

  #printEvent(room_id: string, cursor: Cursor, msg_id: number, frame: string): void {
    cursor.after = msg_id;
    this.#print(room_id, [memberText(dataIn(frame), "body") ?? "{}"]);
  }

  #end(room_id: string): void {
    this.#cursors.delete(room_id);
    remark(`The room ${plain(room_id)} has ended.`);
    if (this.#cursors.size === 0) this.#ended();
  }
}

function tellDropped(room_id: string, first_id: number | undefined): void {
  remark(`${plain(room_id)}: what stood before #${first_id} was dropped.`);
}

async function cursorFor(session: Session, room_id: string, start: Start): Promise<Cursor> {
  const { epoch, last_id } = await session.call("media/room/msglog_info", { room_id });
  const after = start.after ?? (await startOf(sourceOn(session), { room_id, epoch, last_id }, start));
  return { epoch, after, ...(start.where && { where: start.where }) };
}

/** Who is kept out of a room is told that there is none (R10). */
function isKeptOut(error: unknown): boolean {
  return isRefusal(error, errorCodes.unauthorized) || isRefusal(error, errorCodes.room_not_found);
}

/** Undefined when the room, or that life of it, is not there any more. */
async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefusal(error, errorCodes.room_not_found) || isRefusal(error, errorCodes.epoch_not_found))
      return undefined;
    throw error;
  }
}
