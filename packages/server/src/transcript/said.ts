import { type JsonObject, type MessageLog, timeFieldOf } from "@roomlog/protocol";
import { storedText } from "./stored-text.ts";

/** What a message says, for people. */
export interface Said {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970 */
  readonly time: number;
  readonly type: string | undefined;
  /** As it reads now; undefined for one that is not text. */
  readonly text: string | undefined;
  /** What a reaction shows; undefined for everything else. */
  readonly reaction: string | undefined;
  /** What was sent, as JSON. */
  readonly json: string;
  readonly log: MessageLog<JsonObject>;
}

/** Where the text of a message is looked for when nobody says. */
export const TEXT_FIELDS: readonly string[] = ["text", "body", "msg"];

/** A stored message by its JSON (M2); the first of the fields that is a string is its text. */
export function saidIn(stored: string, fields: readonly string[]): Said {
  const message: JsonObject = JSON.parse(stored);
  const { msg_id, user_id, session_id, type, $log = {} } = message;
  const log = $log as MessageLog<JsonObject>;
  return {
    msg_id: Number(msg_id),
    user_id: String(user_id),
    session_id: String(session_id),
    time: Number(message[timeFieldOf(message)]),
    type: stringOr(type),
    text: fields.map((field) => ownText(message, field)).find((text) => text !== undefined),
    reaction: log.ref === undefined || log.op ? undefined : reactionIn(message),
    json: storedText(stored).msg,
    log,
  };
}

function ownText(message: JsonObject, field: string): string | undefined {
  return Object.hasOwn(message, field) ? stringOr(message[field]) : undefined;
}

/** As docs/messages.md writes reactions. */
function reactionIn({ type, key }: JsonObject): string | undefined {
  return type === "reaction" ? stringOr(key) : undefined;
}

function stringOr(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
