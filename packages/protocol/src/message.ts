import type { JsonObject } from "./frames.ts";

/**
 * The names inside a stored message that belong to the server (M2). `timestmap` is spelled as in the
 * document that defined it: microseconds since 1970.
 */
export const reservedNames = ["msg_id", "user_id", "session_id", "timestmap", "$log"] as const;

/** What the server adds to a message (M2). */
export interface MessageStamp {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970 */
  readonly timestmap: number;
}

/** Who changed a message, when, and by which entry of the log (M15). */
export interface Change {
  /** Of the edit or the deletion. */
  readonly msg_id: number;
  readonly user_id: string;
  /** µs since 1970 */
  readonly timestmap: number;
}

/** A wording that a message has or had (M15). `Msg` is a JSON object, or its text. */
export interface Version<Msg> extends Change {
  readonly msg: Msg;
  /** Its body is gone for good (M21). */
  readonly erased?: true;
  /** Whom a message that was deleted mentioned (M20); of others `$log.mentions` says it. */
  readonly mentions?: readonly string[];
  /** Proves it, where digests were asked for (M23). */
  readonly salt?: string;
}

/** What an entry of a log does to another one (M15). */
export type EntryOp = "edit" | "delete";

/** What `$log` of an entry says: only what there is (M2). */
export interface MessageLog<Msg = string> {
  /** Absent for a message. */
  readonly op?: EntryOp;
  /** The entry that it edits, deletes or refers to (M15, M16). */
  readonly ref?: number;
  /** Users whom the message concerns (M20). */
  readonly mentions?: readonly string[];
  readonly edited?: Change;
  readonly deleted?: Change & { readonly reason?: string };
  /** The body that belongs here is gone for good (M21). */
  readonly erased?: true;
  /** All wordings of an edited message, the oldest first. */
  readonly versions?: readonly Version<Msg>[];
  /** Messages that refer to it (M16). */
  readonly refs?: number;
  /** Of the log up to this entry (M23). */
  readonly digest?: string;
  /** Proves the body that is shown. */
  readonly salt?: string;
  /** In place of the salt, when the body that is shown is not the one that was committed to. */
  readonly commitment?: string;
  /** The replay that it is a part of, not the log as it grows (M26). */
  readonly replay?: number;
}

/**
 * A message as everyone sees it (M2): `msg`, the text of a JSON object, then the server's fields. `time_field` is the
 * name of the time: `timestmap`, or what the service calls it.
 */
export function messageText(msg: string, stamp: MessageStamp, time_field: string, log?: MessageLog): string {
  const tail = `${authorText(stamp)},"${time_field}":${stamp.timestmap}`;
  return withTail(msg, log ? `${tail},"$log":${logText(log, time_field)}` : tail);
}

function authorText({ msg_id, user_id, session_id }: MessageStamp): string {
  return `"msg_id":${msg_id},"user_id":${JSON.stringify(user_id)},"session_id":${JSON.stringify(session_id)}`;
}

function logText({ edited, deleted, versions, ...log }: MessageLog, time_field: string): string {
  const texts = Object.entries(log).map(([name, value]) => `"${name}":${JSON.stringify(value)}`);
  if (edited) texts.push(`"edited":${changeText(edited, time_field)}`);
  if (deleted) texts.push(`"deleted":${changeText(deleted, time_field)}`);
  const version = ({ msg, ...change }: Version<string>) =>
    withTail(changeText(change, time_field), `"msg":${msg}`);
  if (versions) texts.push(`"versions":[${versions.map(version).join(",")}]`);
  return `{${texts.join(",")}}`;
}

function changeText({ timestmap, ...change }: Change, time_field: string): string {
  return withTail(JSON.stringify(change), `"${time_field}":${timestmap}`);
}

/** The object `text` with further members at its end; `tail` is `"key":value,…` and not empty. */
export function withTail(text: string, tail: string): string {
  return text === "{}" ? `{${tail}}` : `${text.slice(0, text.lastIndexOf("}"))},${tail}}`;
}

/**
 * The name of the time in a message as everyone sees it: it stands behind `session_id`, whatever a service calls it, and
 * whatever else was sent (M2).
 */
export function timeFieldOf(message: JsonObject): string {
  const names = Object.keys(message);
  return names[names.indexOf("session_id") + 1] ?? "timestmap";
}

/** A message of a room's log as it arrives in pages and events: what was sent, plus the server's fields (M2). */
export interface StoredMessage {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly timestmap: number;
  readonly $log?: MessageLog<JsonObject>;
  readonly [key: string]: unknown;
}
