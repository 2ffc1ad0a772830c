import type { JsonObject, StoredMessage } from "@roomlog/protocol";
import { type Issue } from "./errors.ts";
/** A message of the log: what was sent stands in `msg`, what the server added beside it (M2). */
export interface Message<T = JsonObject> {
  readonly msg: T;
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970; on the wire `timestmap`. */
  readonly timestamp: number;
  readonly sentAt: Date;
}
/** What is used of a Standard Schema v1, as zod, valibot and others make them. */
export interface Schema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<T> | Promise<Validated<T>>;
    readonly types?:
      | {
          readonly input: unknown;
          readonly output: T;
        }
      | undefined;
  };
}
type Validated<T> =
  | {
      readonly value: T;
      readonly issues?: undefined;
    }
  | {
      readonly issues: readonly Issue[];
    };
/** The message as `schema` gives it back. Throws an `InvalidMessage`. */
export declare function checked<T>(stored: StoredMessage, schema: Schema<T> | undefined): Promise<Message<T>>;
