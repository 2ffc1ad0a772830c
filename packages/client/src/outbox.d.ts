import { type CommandResult } from "@roomlog/protocol";
import { type CallOptions, type Connection } from "./connection.ts";
import type { Gate } from "./gate.ts";
import type { Settings } from "./options.ts";
export interface SendOptions extends CallOptions {
  /** The name of this send, by which a repeat is known (M9); one of the client's own by default. */
  readonly client_msg_id?: string | undefined;
}
export type Sent = CommandResult<"media/room/msglog_send">;
export interface OutboxParts {
  readonly room_id: string;
  /** Open while the room is joined. */
  readonly gate: Gate<Connection>;
  readonly settings: Settings;
  readonly newId: () => string;
  /** The life of the room to which all sends belong. */
  readonly epoch: () => string | undefined;
}
/**
 * The sends of a room, one after the other: that keeps their order whatever is lost or refused on the way. A repeat
 * has the same `client_msg_id` and `epoch`, so it is stored once (M9).
 */
export declare class Outbox {
  #private;
  constructor(parts: OutboxParts);
  /** `msg` is taken as it is now. */
  send(msg: object, { client_msg_id, signal }: SendOptions): Promise<Sent>;
}
