import type { RoomInfo } from "@roomlog/protocol";

/**
 * What keeps the rooms and their logs. The store is the truth: a message exists when `commit` has made it
 * durable, ids come from the room's own counter inside the same transaction, and reads see durable writes only.
 * A driver may be naive; `ManagedStore` gives it group commit, init once, close once and the final failure.
 */
export interface Store {
  /** Opens or creates; takes the store for this process alone. Rejects with a `StoreError`. */
  open(): Promise<void>;
  /** Makes all writes durable in one transaction, in their order. A rejection is final: nothing is known of them. */
  commit(writes: readonly Write[]): Promise<Written[]>;
  room(key: RoomKey): Promise<Room | undefined>;
  /** Rooms that exist, ascending by `room_id` in code point order; without their meta data, which may be large. */
  rooms(query: RoomQuery): Promise<ListedRoom[]>;
  /** A page of a room's log, ascending by `msg_id`; undefined when there is no such room. */
  messages(query: MessageQuery): Promise<Page | undefined>;
  /** Ends after running calls have. */
  close(): Promise<void>;
}

export interface RoomKey {
  readonly service: string;
  readonly room_id: string;
}

export type Write = CreateRoom | DestroyRoom | Append;

/** Starts a new life of `room_id`; refused with `room_exists` while it has one. */
export interface CreateRoom extends RoomKey {
  readonly kind: "create_room";
  /** Names this life of the room (M12). */
  readonly epoch: string;
  readonly info: RoomInfo;
  /** µs since 1970 */
  readonly created_at: number;
}

/** Ends the room's life; its log stays under its epoch. Refused with `room_not_found`. */
export interface DestroyRoom extends RoomKey {
  readonly kind: "destroy_room";
  /** µs since 1970 */
  readonly destroyed_at: number;
}

/** Gives the message the next id of the room. Refused with `room_not_found`. */
export interface Append extends RoomKey {
  readonly kind: "append";
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970; the store raises it to the room's newest when it is lower (M3). */
  readonly timestmap: number;
  /** The text of a JSON object, kept byte by byte (M7). */
  readonly msg: string;
}

/** What became of a write, in the order of the writes. */
export type Written =
  | { readonly kind: "done" }
  | { readonly kind: "appended"; readonly msg_id: number; readonly timestmap: number }
  | { readonly kind: "refused"; readonly reason: "room_exists" | "room_not_found" };

export interface Room {
  readonly room_id: string;
  readonly epoch: string;
  readonly info: RoomInfo;
  /** Of the newest message; 0 without one. */
  readonly last_id: number;
}

/** A room as lists show it. */
export interface ListedRoom {
  readonly room_id: string;
  readonly class: RoomInfo["class"];
  /** Seconds; absent when the room was created without. */
  readonly timeout?: number;
}

export interface RoomQuery {
  readonly service: string;
  /** Only ids greater than this. */
  readonly after?: string;
  readonly prefix?: string;
  readonly limit: number;
}

export interface MessageQuery extends RoomKey {
  /** Only ids greater than this. */
  readonly after: number;
  readonly limit: number;
  /** UTF-8 bytes of `msg` the page may hold; the first message comes however large it is. */
  readonly max_bytes: number;
}

export interface Page {
  readonly messages: readonly Message[];
  /** Whether `max_bytes` cut the page short. */
  readonly cut: boolean;
}

export interface Message {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly timestmap: number;
  readonly msg: string;
}

/** Why a store does not open. The message says what to do. */
export class StoreError extends Error {
  readonly reason: "in_use" | "newer_schema" | "old_library" | "unavailable";

  constructor(reason: StoreError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.reason = reason;
  }
}
