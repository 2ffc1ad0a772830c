import { type Matcher, membersOf, trustedMatcherOf } from "@roomlog/protocol";
import { type Message, type MessageQuery, ONE_SCANNED, type Page } from "./store.ts";
import { textBytes } from "./text-bytes.ts";

/** The same as `ONE_SCANNED` where a message is also taken apart into its words. */
const ONE_OF_WORDS = 512;

/** Looks at messages one by one for those that filters mean (M17), and at no more than it may. */
export class Scan {
  readonly #matchers: readonly Matcher[];
  readonly #one: number;
  #left: number;
  #read_to: number | undefined;

  /** All of the filters have to mean a message. */
  constructor(filters: readonly string[], { most, one }: { readonly most: number; readonly one: number }) {
    this.#matchers = filters.map(trustedMatcherOf);
    this.#one = one;
    this.#left = most;
  }

  *passing(messages: Iterable<Message>): Generator<Message> {
    let last: number | undefined;
    for (const message of messages) {
      if (last !== undefined && this.#left <= 0) {
        this.#read_to = last;
        return;
      }
      this.#left -= 1 + Math.floor(textBytes(message) / this.#one);
      last = message.msg_id;
      const members = membersOf(message);
      if (this.#matchers.every((matches) => matches(members))) yield message;
    }
  }

  /** Says where it stopped, when it was not allowed any more and there was something left. */
  get end(): Pick<Page, "read_to"> {
    return this.#read_to === undefined ? {} : { read_to: this.#read_to };
  }
}

type Filters = { readonly [name in "where" | "view"]?: string | undefined } & Pick<
  MessageQuery,
  "max_scan" | "search"
>;

/** Undefined without a filter. */
export function scanOf({
  where,
  view,
  max_scan: most = Number.POSITIVE_INFINITY,
  search,
}: Filters): Scan | undefined {
  const filters = [view, where].filter((filter) => filter !== undefined);
  // Behind a view no index says what has the words.
  const one = view !== undefined && search ? ONE_OF_WORDS : ONE_SCANNED;
  return filters.length > 0 ? new Scan(filters, { most, one }) : undefined;
}

/** What a view lets through, asked of one message; undefined without a view. */
export function sightOf(view: string | undefined): ((message: Message) => boolean) | undefined {
  const matches = view === undefined ? undefined : trustedMatcherOf(view);
  return matches && ((message) => matches(membersOf(message)));
}
