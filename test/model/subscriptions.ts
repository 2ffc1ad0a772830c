import { roomEvents } from "@roomlog/protocol";
import { may, seesAll } from "./people.ts";
import type { PatternName, RoomName } from "./steps.ts";
import type { Follower, Subscription } from "./world.ts";

const inRooms = { class: "media", subclass: "room" };
const messages = { ...inRooms, type: roomEvents.msglog_new_msg };

/** What `core/event/subscribe` is asked for (E2). */
export function patternOf(name: PatternName, obj_id: string): object {
  const patterns: Record<PatternName, object> = {
    everything: { class: "media" },
    room: { ...inRooms, obj_id },
    messages: { ...messages, obj_id },
    all_messages: messages,
    endings: { ...inRooms, type: roomEvents.destroyed, obj_id },
    any_class: { class: "*", obj_id },
  };
  return patterns[name];
}

const roomless: ReadonlySet<PatternName> = new Set(["everything", "all_messages"]);
const types: { readonly [name in PatternName]?: string } = {
  messages: roomEvents.msglog_new_msg,
  all_messages: roomEvents.msglog_new_msg,
  endings: roomEvents.destroyed,
};

/** Events for who may read the log. */
const ofReaders: ReadonlySet<string> = new Set([
  roomEvents.msglog_new_msg,
  roomEvents.msglog_dropped,
  roomEvents.msglog_erased,
  roomEvents.msglog_marked,
]);

/** Subscriptions with the same key are one (E4). */
export function keyOf({ pattern, room }: Subscription): string {
  return roomless.has(pattern) ? pattern : `${pattern} ${room}`;
}

/** Whether events of this type in this room reach the connection (E2, E9, M10). */
export function hears({ user_id, subscriptions, cursors }: Follower, room: RoomName, type: string): boolean {
  if (ofReaders.has(type) && !may(user_id, "msglog_get", room)) return false;
  if (type === roomEvents.msglog_erased && !seesAll(user_id)) return false;
  const byCursor: readonly string[] = [
    roomEvents.msglog_new_msg,
    roomEvents.destroyed,
    roomEvents.msglog_erased,
  ];
  if (cursors.has(room) && byCursor.includes(type)) return true;
  return [...subscriptions.values()].some(
    (one) => (one.room === room || roomless.has(one.pattern)) && (types[one.pattern] ?? type) === type,
  );
}

export function hearsMessages(follower: Follower, room: RoomName): boolean {
  return hears(follower, room, roomEvents.msglog_new_msg);
}
