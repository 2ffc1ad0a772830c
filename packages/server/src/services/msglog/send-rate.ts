import { type OpenSession, RequestError, type Service } from "../../core/plugin.ts";

/** Sends of sessions by time: each earns so many a second, and saves up as many, but at least one (M14). */
export class SendRate {
  readonly #clock: Service["clock"];
  readonly #saved = new WeakMap<OpenSession, { sends: number; at: number }>();

  constructor(clock: Service["clock"]) {
    this.#clock = clock;
  }

  /** Throws 304102 with `retry_after_ms` when the session has sent too many. */
  count(session: OpenSession, limit: number | undefined): void {
    if (limit === undefined) return;
    const now = this.#clock.monotonic();
    const most = Math.max(1, limit);
    const saved = this.#saved.get(session) ?? { sends: most, at: now };
    saved.sends = Math.min(most, saved.sends + ((now - saved.at) / 1000) * limit);
    saved.at = now;
    this.#saved.set(session, saved);
    if (saved.sends < 1) {
      const retry_after_ms = Math.ceil(((1 - saved.sends) / limit) * 1000);
      throw new RequestError(304102, { limit, retry_after_ms });
    }
    saved.sends -= 1;
  }
}
