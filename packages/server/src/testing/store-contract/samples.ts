import assert from "node:assert/strict";
import type {
  Append,
  CreateRoom,
  DestroyRoom,
  Message,
  MessageQuery,
  Page,
  RoomKey,
  Store,
  Written,
} from "../../store/store.ts";

/** The room of cases that need only one. */
export const one: RoomKey = { service: "main", room_id: "one" };

export const done: Written = { kind: "done" };
export const roomExists: Written = { kind: "refused", reason: "room_exists" };
export const roomNotFound: Written = { kind: "refused", reason: "room_not_found" };

export function create(key: RoomKey, epoch = "first life"): CreateRoom {
  return { kind: "create_room", ...key, epoch, info: { class: "chat" }, created_at: 1 };
}

export function destroy(key: RoomKey): DestroyRoom {
  return { kind: "destroy_room", ...key, destroyed_at: 2, keep_log: true };
}

export function append(key: RoomKey, msg = "{}", timestmap = 1): Append {
  return { kind: "append", ...key, user_id: "ann", session_id: "s1", timestmap, msg };
}

/** The answer to an `append` with its default time. */
export function appended(msg_id: number, timestmap = 1, epoch = "first life"): Written {
  return { kind: "appended", epoch, msg_id, timestmap };
}

/** `count` rooms of one service. */
export function rooms(count: number): RoomKey[] {
  return Array.from({ length: count }, (_, i) => ({ service: "main", room_id: `room ${i}` }));
}

/** 1, 2, 3 … `count` */
export function idsTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** The room's page, which has to be there; the whole log when nothing narrows it. */
export async function pageOf(
  store: Pick<Store, "messages">,
  key: RoomKey,
  part: Partial<MessageQuery> = {},
): Promise<Page> {
  const page = await store.messages({ order: "asc", limit: 1_000_000, max_bytes: 1e9, ...part, ...key });
  assert(page, `there is no room ${key.room_id} in ${key.service}`);
  return page;
}

export async function logOf(store: Pick<Store, "messages">, key: RoomKey): Promise<readonly Message[]> {
  return (await pageOf(store, key)).messages;
}
