import { rightsByName } from "@roomlog/protocol/rights";
import type { ConfigInput } from "roomlog";
import { PASSWORD } from "../support/people.ts";
import { type Body, fits } from "./filters.ts";
import { type FilterName, type Op, type RoomName, type UserName, userNames } from "./steps.ts";

/** Everything, and roles do not matter. */
const ALL = ["*", ...rightsByName];

/** Eve's, in all rooms. */
const SOME: readonly string[] = [
  "subscribe",
  "room_read",
  "room_join",
  "room_info",
  "room_status",
  "msglog_send",
  "msglog_edit",
  "msglog_delete",
  "msglog_history",
];

/** What eve may read: in the one room what is open to everybody, and what is hers; in the other one nothing (M17). */
const READABLE = { room: "a", open: { "/open": true }, own: { user_id: "eve" } } as const;

const reading = ([READABLE.open, READABLE.own] as const).map((where) => ({
  right: "msglog_get" as const,
  rooms: roomIdOf(READABLE.room, "*"),
  where,
}));

/** Who has no part in any run. */
export const OBSERVER = "observer";

/** Whom the server knows, and what they may. */
export const users = [OBSERVER, ...userNames].map((name) => ({
  name,
  password: PASSWORD,
  rights: name === "eve" ? [...SOME, ...reading] : ALL,
})) satisfies ConfigInput["users"];

/** The id of a room of a run. */
export function roomIdOf(room: RoomName, run: string): string {
  return `${room}.${run}`;
}

/** Whether a user may do in a room what needs a right (L8, L10). */
export function may(user: string, right: string, room: RoomName): boolean {
  if (user !== "eve" || SOME.includes(right)) return true;
  return right === "msglog_get" && room === READABLE.room;
}

/** Whether a user may read such a message of a room, by the filters in his rights (M17). */
export function mayRead(user: string, room: RoomName, body: Body): boolean {
  if (user !== "eve") return true;
  return room === READABLE.room && (body.open === true || body.user_id === user);
}

/** Whether nothing in any room is hidden from a user (M17). */
export function seesAll(user: string): boolean {
  return user !== "eve";
}

/** Whether a connection sees such a message, by a view of its own and by its user's rights (M17). */
export function sees({ user_id, cursors }: Viewer, room: RoomName, body: Body): boolean {
  const view = cursors.get(room);
  return (view === undefined || fits(view, body)) && mayRead(user_id, room, body);
}

interface Viewer {
  readonly user_id: string;
  readonly cursors: ReadonlyMap<RoomName, FilterName | undefined>;
}

type Asking = Exclude<Op["do"], "answer" | "ack">;

/** The right that each needs. */
const needed: Readonly<Record<Exclude<Asking, "unread">, string>> = {
  send: "msglog_send",
  edit: "msglog_edit",
  remove: "msglog_delete",
  mark: "msglog_get",
  marks: "msglog_get",
  get: "msglog_get",
  info: "msglog_get",
  epochs: "msglog_get",
  subscribe: "msglog_get",
  unsubscribe: "msglog_get",
  schemas: "msglog_get",
  join: "room_join",
  leave: "room_join",
  listen: "subscribe",
  mute: "subscribe",
  create: "room_create",
  destroy: "room_destroy",
  status: "room_status",
  typing: "room_info",
  purge: "msglog_purge",
  retain: "room_update",
  hold: "msglog_hold",
  schema: "msglog_schema",
};

/** Whether a user has the right to ask for something. */
export function mayAsk(user: UserName, op: Op): boolean {
  if (op.do === "answer" || op.do === "ack" || op.do === "unread") return true;
  return may(user, needed[op.do], op.room);
}
