import type { CommandData, CommandResult, RoomInfo } from "@roomlog/protocol";
import type { Place } from "./target.ts";

/** Where rooms and logs are read: a server, or a data folder. Both give the same, byte for byte. */
export interface Source {
  /** The name of the service that is read. */
  service(): Promise<string>;
  /** Ascending, at most `limit`, with ids greater than `after`. */
  rooms(query: {
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<ListedRoom[]>;
  /** Where a log stands; `epoch` names a life of the room, `"last"` the newest ended one (M12). */
  log(room_id: string, epoch?: string): Promise<LogInfo>;
  /** The digest of a log up to an entry (M23). */
  digest(log: { readonly room_id: string; readonly epoch: string; readonly at: number }): Promise<string>;
  /** A page of a log (M8), each message as its JSON text (M2). */
  page(query: PageQuery): Promise<string[]>;
  close(): Promise<void>;
}

export interface ListedRoom {
  readonly room_id: string;
  readonly class: RoomInfo["class"];
}

export type LogInfo = CommandResult<"media/room/msglog_info">;
export type PageQuery = CommandData<"media/room/msglog_get"> & { readonly limit: number };

/** Runs a task with the source at a place, which is closed with it. */
export async function withSourceOf<T>(place: Place, task: (source: Source) => Promise<T>): Promise<T> {
  const source = await open(place);
  try {
    return await task(source);
  } finally {
    await source.close();
  }
}

async function open(place: Place): Promise<Source> {
  if (place.data === undefined) return (await import("./server-source.ts")).openServer(place);
  return (await import("./folder-source.ts")).openFolder(place.data, place.service);
}
