import assert from "node:assert/strict";
import { messageText } from "@roomlog/protocol";
import type {
  Append,
  Bounds,
  CreateRoom,
  DestroyRoom,
  Message,
  MessageQuery,
  Page,
  RoomKey,
  Store,
  Trim,
  Trimmed,
  Written,
} from "../../store/store.ts";

/** The room of cases that need only one. */
export const one: RoomKey = { service: "main", room_id: "one" };

export const done: Written = { kind: "done" };
export const roomExists: Written = { kind: "refused", reason: "room_exists" };
export const roomNotFound: Written = { kind: "refused", reason: "room_not_found" };
export const epochNotFound: Written = { kind: "refused", reason: "epoch_not_found" };

export function create(key: RoomKey, epoch = "first life"): CreateRoom {
  return { kind: "create_room", ...key, epoch, info: { class: "chat" }, created_at: 1 };
}

export function destroy(key: RoomKey, part: Partial<DestroyRoom> = {}): DestroyRoom {
  return { kind: "destroy_room", ...key, destroyed_at: 2, keep_log: true, ...part };
}

export function append(key: RoomKey, msg = "{}", timestmap = 1): Append {
  return { kind: "append", ...key, user_id: "ann", session_id: "s1", timestmap, msg };
}

/** The answer to an `append` with its default time. */
export function appended(msg_id: number, timestmap = 1, epoch = "first life"): Written {
  return { kind: "appended", epoch, msg_id, timestmap };
}

/** Of the first life, in one slice; nothing has to go when `bounds` do not say so. */
export function trim(
  key: RoomKey,
  { bounds, ...part }: Partial<Omit<Trim, "bounds">> & { readonly bounds?: Partial<Bounds> } = {},
): Trim {
  const none: Bounds = { retention: {}, now: 0, names_before: 0 };
  return { kind: "trim", ...key, epoch: "first life", most: 1000, ...part, bounds: { ...none, ...bounds } };
}

export function trimmed(first_id: number, messages: number, bytes: number, more = false): Written {
  return { kind: "trimmed", first_id, messages, bytes, more };
}

/** Repeats a trim until nothing more has to go; what all of them dropped together. */
export async function trimAll(store: Pick<Store, "commit">, trim: Trim): Promise<Trimmed> {
  let [messages, bytes] = [0, 0];
  for (let slices = 1; ; slices++) {
    assert(slices < 10_000, "a trim does not come to an end");
    const [slice] = await store.commit([trim]);
    assert(slice?.kind === "trimmed", `a trim was answered ${JSON.stringify(slice)}`);
    messages += slice.messages;
    bytes += slice.bytes;
    if (!slice.more) return { first_id: slice.first_id, messages, bytes, more: false };
  }
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
  const page = await store.messages(pageQuery(key, part));
  assert(page, `there is no room ${key.room_id} in ${key.service}`);
  return page;
}

/** The page, which its text agrees with. */
export async function agreedPageOf(
  store: Store,
  key: RoomKey,
  part: Partial<MessageQuery> = {},
): Promise<Page> {
  const { messages, ...page } = await pageOf(store, key, part);
  const texts = messages.map((message) => messageText(message.msg, message, "at", message.log));
  const text = await store.pageText({ ...pageQuery(key, part), time_field: "at" });
  assert.deepEqual(text, { ...page, text: `[${texts.join(",")}]`, count: texts.length });
  return { messages, ...page };
}

function pageQuery(key: RoomKey, part: Partial<MessageQuery>): MessageQuery {
  return { order: "asc", limit: 1_000_000, max_bytes: 1e9, ...part, ...key };
}

export async function logOf(store: Pick<Store, "messages">, key: RoomKey): Promise<readonly Message[]> {
  return (await pageOf(store, key)).messages;
}

/** A JSON object of that many bytes, 9 or more, in fewer characters. */
export function textOf(bytes: number): string {
  const odd = bytes % 2 === 1 ? "x" : "";
  return `{"a":"${"é".repeat((bytes - 8 - odd.length) / 2)}${odd}"}`;
}

/** The epochs of the lives in the service of `one` that a trim with these bounds would change. */
export async function overdueEpochs(store: Store, bounds = trim(one).bounds): Promise<string[]> {
  const { lives } = await store.overdue({ service: one.service, bounds, from: 0, most: 1000 });
  return lives.map(({ epoch }) => epoch);
}
