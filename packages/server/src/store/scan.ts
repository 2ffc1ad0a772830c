import { type Matcher, membersOf, trustedMatcherOf } from "@roomlog/protocol";
import type { Message, MessageQuery, Page } from "./store.ts";

/** A longer message counts as several, since it takes as long to examine; in characters. */
const ONE = 4096;

/** Looks at messages one by one for those that a filter means (M17), and at no more than it may. */
export class Scan {
  readonly #matches: Matcher;
  #left: number;
  #read_to: number | undefined;

  constructor(where: string, most: number) {
    this.#matches = trustedMatcherOf(where);
    this.#left = most;
  }

  *passing(messages: Iterable<Message>): Generator<Message> {
    let last: number | undefined;
    for (const message of messages) {
      if (last !== undefined && this.#left <= 0) {
        this.#read_to = last;
        return;
      }
      this.#left -= 1 + Math.floor(message.msg.length / ONE);
      last = message.msg_id;
      if (this.#matches(membersOf(message))) yield message;
    }
  }

  /** Says where it stopped, when it was not allowed any more and there was something left. */
  get end(): Pick<Page, "read_to"> {
    return this.#read_to === undefined ? {} : { read_to: this.#read_to };
  }
}

/** Undefined without a filter. */
export function scanOf({
  where,
  max_scan = Number.POSITIVE_INFINITY,
}: Pick<MessageQuery, "where"> & { readonly max_scan?: number | undefined }): Scan | undefined {
  return where === undefined ? undefined : new Scan(where, max_scan);
}
