import type { ErrorCode } from "@roomlog/protocol";
import type { ManagedStore, Settled } from "../store/managed.ts";
import type { Refusal, Write, Written } from "../store/store.ts";
import { RequestError } from "./errors.ts";

const refusals: { readonly [reason in Refusal]: ErrorCode } = {
  room_exists: 304002,
  room_not_found: 304001,
  epoch_not_found: 304106,
  message_not_found: 304110,
  on_hold: 304111,
  not_author: 100030,
  too_many_edits: 100050,
  log_full: 304109,
  too_many_marks: 100050,
};

/** What a write that did not happen is to the client; undefined when it did. */
export function failureOf(outcome: Parameters<Settled>[0]): RequestError | undefined {
  switch (outcome.kind) {
    case "unknown":
      return new RequestError(304105);
    case "refused":
      return new RequestError(refusals[outcome.reason]);
    default:
      return undefined;
  }
}

/**
 * Queued in this call, durable when it resolves; rejects with what it is to the client when it did not happen. What must come
 * in the turn of the outcome, before what is told of the next one, takes it from the store itself.
 */
export function written(store: ManagedStore, write: Write): Promise<Written> {
  return new Promise((resolve, reject) => {
    store.write(write, (outcome) => {
      if (outcome.kind === "unknown" || outcome.kind === "refused") reject(failureOf(outcome));
      else resolve(outcome);
    });
  });
}
