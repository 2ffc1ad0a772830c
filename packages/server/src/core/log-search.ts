import { MAX_QUERY, MAX_QUERY_OPEN, MAX_QUERY_WORDS, openIn, parseQuery, wordsIn } from "../search/query.ts";
import type { ManagedStore } from "../store/managed.ts";
import type { IndexMessages, Search } from "../store/store.ts";
import { RequestError, syntaxError } from "./errors.ts";
import { written } from "./outcome.ts";

export interface LogSearchParts {
  readonly service: string;
  readonly store: ManagedStore;
}

/** While the index is made, and a search would go through too much without it. */
const RETRY_MS = 1000;

/** Whether a service's messages can be searched, and for what (M18). */
export class LogSearch {
  readonly #parts: LogSearchParts;
  #on = false;
  #started = false;

  constructor(parts: LogSearchParts) {
    this.#parts = parts;
  }

  set on(on: boolean) {
    if (this.#on === on) return;
    this.#on = on;
    if (this.#started) this.#tell();
  }

  /** Once, before anything is appended. */
  start(): void {
    this.#started = true;
    if (this.#on) this.#tell();
  }

  /** Throws 304113 when nothing can be searched; 100044 without a word to look for, with `limit` when the search is too long. */
  check(search: Search | undefined): void {
    if (!search) return;
    if (!this.#on) throw new RequestError(304113);
    const query = search.text.length > MAX_QUERY ? tooLong(MAX_QUERY) : parseQuery(search.text);
    if (!query) throw syntaxError("search", "there is no word in it");
    if (wordsIn(query) > MAX_QUERY_WORDS) tooLong(MAX_QUERY_WORDS);
    if (openIn(query) > MAX_QUERY_OPEN) tooLong(MAX_QUERY_OPEN);
  }

  /** 100050 */
  unready(): RequestError {
    return new RequestError(100050, { retry_after_ms: RETRY_MS });
  }

  async index(slice: Omit<IndexMessages, "kind" | "service">): Promise<number | undefined> {
    const { service, store } = this.#parts;
    const outcome = await written(store, { kind: "index_messages", service, ...slice });
    if (outcome.kind !== "indexed") throw new RequestError(100002);
    return outcome.next;
  }

  #tell(): void {
    const { service, store } = this.#parts;
    // A store that fails says so itself.
    store.write({ kind: "set_search", service, on: this.#on }, () => {});
  }
}

function tooLong(limit: number): never {
  throw new RequestError(100044, { detail: "search", field: "search", limit });
}
