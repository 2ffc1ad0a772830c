import type { Clock } from "./clock.ts";
import { RequestError } from "./errors.ts";
import type { OpenSession } from "./sessions.ts";

/** What sessions do by time: each earns so much a second, and saves up as much, but at least one. */
export class SessionRate {
  readonly #clock: Clock;
  readonly #code: 100050 | 304102;
  readonly #setting: string;
  readonly #saved = new WeakMap<OpenSession, { times: number; at: number }>();

  /** `code`: of the error over it; `setting`: that says the limit. */
  constructor(clock: Clock, code: 100050 | 304102, setting: string) {
    this.#clock = clock;
    this.#code = code;
    this.#setting = setting;
  }

  /** Throws with `retry_after_ms` when the session has done it more than `limit` times a second. */
  count(session: OpenSession, limit: number | undefined): void {
    if (limit === undefined) return;
    const now = this.#clock.monotonic();
    const most = Math.max(1, limit);
    const saved = this.#saved.get(session) ?? { times: most, at: now };
    saved.times = Math.min(most, saved.times + ((now - saved.at) / 1000) * limit);
    saved.at = now;
    this.#saved.set(session, saved);
    if (saved.times < 1) {
      const retry_after_ms = Math.ceil(((1 - saved.times) / limit) * 1000);
      throw new RequestError(this.#code, { limit, retry_after_ms, setting: this.#setting });
    }
    saved.times -= 1;
  }
}
