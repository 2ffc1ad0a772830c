import { type OpenSession, RequestError, type Service } from "../../core/plugin.ts";

/** Sends of a session by time: it earns `perSecond` of them each second, and saves up as many (M14). */
export class SendRate {
  readonly #clock: Service["clock"];
  readonly #perSecond: number | undefined;
  readonly #saved = new WeakMap<OpenSession, { sends: number; at: number }>();

  constructor(clock: Service["clock"], perSecond: number | undefined) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Throws 304102 with `retry_after_ms` when the session has sent too many. */
  count(session: OpenSession): void {
    const limit = this.#perSecond;
    if (limit === undefined) return;
    const now = this.#clock.monotonic();
    const saved = this.#saved.get(session) ?? { sends: limit, at: now };
    saved.sends = Math.min(limit, saved.sends + ((now - saved.at) / 1000) * limit);
    saved.at = now;
    this.#saved.set(session, saved);
    if (saved.sends < 1) {
      const retry_after_ms = Math.ceil(((1 - saved.sends) / limit) * 1000);
      throw new RequestError(304102, { limit, retry_after_ms });
    }
    saved.sends -= 1;
  }
}
