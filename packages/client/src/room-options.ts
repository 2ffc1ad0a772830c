import type { CommandData, Filter, JsonObject } from "@roomlog/protocol";
import type { CallOptions, Connection } from "./connection.ts";
import type { Gate } from "./gate.ts";
import type { Schema } from "./message.ts";
import type { Settings } from "./options.ts";

export interface JoinOptions<T = JsonObject> extends CallOptions {
  readonly role?: string | undefined;
  readonly meta?: JsonObject | undefined;
  /** How to make the room when it is not there (R1); afterwards it is not made again. */
  readonly create?: Omit<CommandData<"media/room/create">, "room_id"> | undefined;
  /** Only messages that the filter means (M17): what comes live, and what `messages`, `history` and `replay` give. */
  readonly where?: Filter | undefined;
  /** What a message has to be: a Standard Schema. */
  readonly schema?: Schema<T> | undefined;
  /** What becomes of a message that is something else: `throw` (default) ends the iterator with an `InvalidMessage`. */
  readonly onInvalid?: "throw" | "skip" | undefined;
}

export interface MessagesOptions extends CallOptions {
  /** The id behind which to begin; 0 for the first message. From now on by default. */
  readonly after?: number | undefined;
  /** The life of the room to which `after` belongs: the present one by default. */
  readonly epoch?: string | undefined;
  /** Only messages that the filter means (M17). */
  readonly where?: Filter | undefined;
  /** Told that the messages from `first` to `last` are not kept any more (M13), or not for this user (R11). With `where` it is not told. */
  readonly onDropped?: ((first: number, last: number) => void) | undefined;
}

/** What a room needs of its client. */
export interface RoomParts {
  readonly room_id: string;
  /** Open while there is a connection that is logged in. */
  readonly gate: Gate<Connection>;
  readonly settings: Settings;
  readonly newId: () => string;
  readonly session_id: () => string | undefined;
  /** Settles when the server knows that the one before, of the same room, was left. */
  readonly left: Promise<unknown> | undefined;
  /** It is over. */
  readonly onOver: () => void;
  /** It is being left, until `left` settles. */
  readonly onLeaving: (left: Promise<unknown>) => void;
}
