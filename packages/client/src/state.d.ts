/** What a client is doing. */
export type ClientState =
  | {
      readonly kind: "connecting";
    }
  | {
      readonly kind: "open";
      readonly session_id: string;
    }
  /** It tries again in `retry_in_ms`; `reason` is why it has to. */
  | {
      readonly kind: "waiting";
      readonly retry_in_ms: number;
      readonly reason: Error;
    }
  /** For good; without a reason it was `close()`. */
  | {
      readonly kind: "closed";
      readonly reason?: Error;
    };
