import { type EventData } from "@roomlog/protocol";
import { Connection } from "./connection.ts";
import { ClientClosed } from "./errors.ts";
import { Gate } from "./gate.ts";
import type { Settings } from "./options.ts";
import type { ClientState } from "./state.ts";
/** What the link tells. */
export interface LinkHooks {
  readonly onState: (state: ClientState) => void;
  readonly onEvent: (event: EventData) => void;
  /** A connection is logged in. */
  readonly onOpen: (connection: Connection) => void;
  readonly onLost: () => void;
  readonly onClosed: (reason: ClientClosed) => void;
}
/** A logged-in connection, made anew whenever it is lost, until it is closed or refused for good. */
export declare class Link {
  #private;
  /** Open while there is a connection that is logged in. */
  readonly gate: Gate<Connection>;
  constructor(url: string, settings: Settings, hooks: LinkHooks);
  get state(): ClientState;
  /** The connection that is logged in. */
  get connection(): Connection | undefined;
  /** Begins; resolves when it has ended for good. */
  run(): Promise<void>;
  close(): Promise<void>;
}
