import { type Connection } from "./connection.ts";
import type { Settings } from "./options.ts";
/** Who logs in, and what is remembered of the last login to make the next one cheap (L13). */
export declare class Login {
  #private;
  constructor(settings: Settings);
  /** Logs the connection in and gives back its session id. */
  login(connection: Connection): Promise<string>;
  /** The connection has ended. */
  lost(): void;
  /** What was remembered is not good any more (4005: its end has come). */
  forget(): void;
}
