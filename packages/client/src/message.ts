import { type JsonObject, type MessageLog, type StoredMessage, timeFieldOf } from "@roomlog/protocol";
import { InvalidMessage, type Issue } from "./errors.ts";

/** A message of the log: what was sent stands in `msg`, what the server added beside it (M2). */
export interface Message<T = JsonObject> {
  readonly msg: T;
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970; on the wire `timestmap`. */
  readonly timestamp: number;
  readonly sentAt: Date;
  /** What the server says of it: edited, deleted, what it refers to; absent when there is nothing (M15, M16). */
  readonly log?: MessageLog<JsonObject>;
}

/** What is used of a Standard Schema v1, as zod, valibot and others make them. */
export interface Schema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<T> | Promise<Validated<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

type Validated<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

function messageOf(stored: StoredMessage): Message<unknown> {
  const time = timeFieldOf(stored) as "timestmap";
  const { msg_id, user_id, session_id, $log, [time]: timestamp, ...msg } = stored;
  const stamp = { msg_id, user_id, session_id, timestamp, sentAt: new Date(timestamp / 1000) };
  return { msg, ...stamp, ...($log && { log: $log }) };
}

/** The message as `schema` gives it back. Throws an `InvalidMessage`. */
export async function checked<T>(stored: StoredMessage, schema: Schema<T> | undefined): Promise<Message<T>> {
  const message = messageOf(stored);
  const { op, deleted, erased } = message.log ?? {};
  // What was deleted or erased says nothing any more, and a deletion nothing but why (M15, M21).
  if (!schema || op === "delete" || deleted || erased) return message as Message<T>;
  const result = await schema["~standard"].validate(message.msg);
  if (result.issues) throw new InvalidMessage(message.msg_id, message.msg, result.issues);
  return { ...message, msg: result.value };
}
