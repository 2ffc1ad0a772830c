import { type Matcher, membersOf, trustedMatcherOf } from "@roomlog/protocol";
import type { Message } from "../store/store.ts";

/** A view of a log is the text of a filter (M17); undefined: all of it. */
export type View = string | undefined;

/** What both let through. */
export function both(one: View, other: View): View {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  return `{"and":[${one},${other}]}`;
}

/** Characters of views that are kept ready: of who listens only their texts are kept, since ready they take many times the memory. */
const MOST_READY = 1_048_576;

/** Views as they are asked for again and again. */
export class Views {
  /** The one asked for last is at the end. */
  readonly #ready = new Map<string, Matcher>();
  readonly #matcher: (view: string) => Matcher;
  #characters = 0;

  /** `matcher` makes a view ready. */
  constructor(matcher: (view: string) => Matcher = trustedMatcherOf) {
    this.#matcher = matcher;
  }

  /** What views let through of messages that are told together. */
  sights(messages: readonly Message[]): Sights {
    return new Sights(messages, (view) => this.#matcherOf(view));
  }

  #matcherOf(view: string): Matcher {
    const ready = this.#ready.get(view);
    const matcher = ready ?? this.#matcher(view);
    this.#ready.delete(view);
    this.#ready.set(view, matcher);
    if (!ready) this.#characters += view.length;
    for (const oldest of this.#ready.keys()) {
      if (this.#characters <= MOST_READY) break;
      this.#ready.delete(oldest);
      this.#characters -= oldest.length;
    }
    return matcher;
  }
}

/** Each view is asked once, and each message is parsed once at most. */
export class Sights {
  readonly #messages: readonly Message[];
  readonly #matcherOf: (view: string) => Matcher;
  readonly #found = new Map<string, readonly number[] | undefined>();
  #members: ReturnType<typeof membersOf>[] | undefined;

  constructor(messages: readonly Message[], matcherOf: (view: string) => Matcher) {
    this.#messages = messages;
    this.#matcherOf = matcherOf;
  }

  /** The places of the messages that the view lets through; undefined when these are all. */
  of(view: View): readonly number[] | undefined {
    if (view === undefined) return undefined;
    if (this.#found.has(view)) return this.#found.get(view);
    this.#members ??= this.#messages.map(membersOf);
    const matches = this.#matcherOf(view);
    const places = this.#members.flatMap((members, i) => (matches(members) ? i : []));
    const found = places.length === this.#messages.length ? undefined : places;
    this.#found.set(view, found);
    return found;
  }
}
