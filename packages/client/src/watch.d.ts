import type { Connection } from "./connection.ts";
import type { Timers } from "./timers.ts";
/** Asks a server that is silent, and gives the connection up when it stays so. Returns what ends the watch. */
export declare function watch(connection: Connection, timers: Timers, silent_ms: number): () => void;
