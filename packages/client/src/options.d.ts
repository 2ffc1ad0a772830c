import type { JsonObject } from "@roomlog/protocol";
import type { ClientState } from "./state.ts";
import { type Timers } from "./timers.ts";
/** A token, or what fetches one: it is asked for each login, and again before what it gave expires (L12). */
export type TokenSource = string | (() => string | Promise<string>);
export interface ClientOptions {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: TokenSource | undefined;
  /** Kept across reconnects; one of the server's by default (L1). */
  readonly session_id?: string | undefined;
  /** What others see of the session (L2). */
  readonly meta?: JsonObject | undefined;
  /** Ends the first connecting; `close()` ends the client. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each state, beginning with the first `connecting`. */
  readonly onState?: ((state: ClientState) => void) | undefined;
  /** Most messages that may wait to be sent in a room: 1000. */
  readonly outbox?: number | undefined;
  /** The first retry comes within `first_ms` (500), each further one within twice the time, at most `most_ms` (30,000). */
  readonly backoff?:
    | {
        readonly first_ms?: number | undefined;
        readonly most_ms?: number | undefined;
      }
    | undefined;
  /** Longest time for a connection and its login: 20,000. */
  readonly connect_ms?: number | undefined;
  /** After so long without a frame the server is asked; after as long again it is taken for gone: 20,000. */
  readonly silent_ms?: number | undefined;
  /** 0 ≤ n < 1: spreads the retries of many clients. */
  readonly random?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
  /** Where `online` is told of: the window, in a page. */
  readonly network?: Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined;
}
/** What holds when nothing else is said; undefined says nothing. */
export declare function withDefaults({
  outbox,
  connect_ms,
  silent_ms,
  random,
  timers,
  network,
  backoff: { first_ms, most_ms },
  ...others
}: ClientOptions): {
  outbox: number;
  connect_ms: number;
  silent_ms: number;
  random: () => number;
  timers: Timers;
  network: Pick<EventTarget, "addEventListener" | "removeEventListener">;
  backoff: {
    first_ms: number;
    most_ms: number;
  };
  user?: string | undefined;
  password?: string | undefined;
  token?: TokenSource | undefined;
  session_id?: string | undefined;
  meta?: JsonObject | undefined;
  signal?: AbortSignal | undefined;
  onState?: ((state: ClientState) => void) | undefined;
};
export type Settings = ReturnType<typeof withDefaults>;
