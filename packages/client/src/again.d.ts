import { CallError } from "./connection.ts";
import type { Settings } from "./options.ts";
/**
 * Whether a refusal may be another one later. What is full (R4, Q8) has no end that the server could name; a rate and
 * a full disk (Q9) have.
 */
export declare function isTemporary(error: unknown): error is CallError;
/** Whether to connect again after a connection or a login that failed. */
export declare function comesAgain(error: unknown): boolean;
/** How long to wait before try number `attempt` (from 0): what the server says, and a share of the back-off (full jitter). */
export declare function delay(error: unknown, attempt: number, { backoff, random }: Settings): number;
