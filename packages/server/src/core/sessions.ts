import { closeCodes } from "@roomlog/protocol";
import { RequestError } from "./errors.ts";
import { gauge, type Measure } from "./measures.ts";
import { Pool } from "./rates.ts";
import { Recent } from "./recent.ts";
import type { Service } from "./service.ts";
import type { Identity, Session } from "./session.ts";

/** A session that has logged in. */
export type OpenSession = Session & { readonly identity: Identity };

/** How a session is opened. */
export interface Entry {
  /** When the login ends, in milliseconds of the monotonic clock. */
  readonly endsAt: number;
  /** Whether it may take its session id from another connection of the same user (L13). */
  readonly takesOver: boolean;
}

/** The connections of a service, and who holds which session id (L4). */
export class Sessions {
  readonly #all = new Set<Session>();
  readonly #byId = new Map<string, Session>();
  readonly #users = new Pool();
  /** Sessions that were stopped (C3), in seconds since 1970: what could resume them does so no more (L13). */
  readonly stopped = new Recent();
  /** Ids that are kept for the users who had them, and may come back (R4). */
  readonly #kept = new Map<string, string>();
  readonly #service: Pick<Service, "limits" | "authenticator">;

  constructor(service: Pick<Service, "limits" | "authenticator">) {
    this.#service = service;
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#all.values();
  }

  /** Who holds a session id. */
  get(session_id: string): Session | undefined {
    return this.#byId.get(session_id);
  }

  /** Whether a session is one of this user. */
  isOf(session_id: string, user_id: string): boolean {
    return this.get(session_id)?.identity?.user_id === user_id;
  }

  /** Those that have logged in. */
  open(): OpenSession[] {
    return [...this.#byId.values()].filter(
      (session): session is OpenSession => session.identity !== undefined,
    );
  }

  get measures(): Measure[] {
    return [
      gauge("roomlog_sessions", "Sessions that have logged in.", () => this.#byId.size),
      gauge("roomlog_sessions_lagging", "Sessions for which events wait (M11).", () => this.#lags().length),
      gauge("roomlog_events_waiting", "Events that wait for sessions that lag (M11).", () =>
        this.#lags().reduce((sum, lag) => sum + lag, 0),
      ),
    ];
  }

  /** How many events each session lacks that lags. */
  #lags(): number[] {
    return Array.from(this.#all, ({ feed }) => feed.lag).filter((lag) => lag > 0);
  }

  add(session: Session): void {
    this.#all.add(session);
  }

  /**
   * Logs a connection in under its session id. A living holder keeps the id: 100034, and the connection is closed
   * (4503). A holder that does not answer a ping in time is closed, and one whose session is taken over at once.
   * Throws 100050 when the user has too many sessions (Q6).
   */
  async login(session: Session, identity: Identity, { endsAt, takesOver }: Entry): Promise<OpenSession> {
    for (;;) {
      // A holder that has just been closed may have left its id to be kept.
      const keptFor = this.#kept.get(identity.session_id) ?? identity.user_id;
      if (keptFor !== identity.user_id)
        throw new RequestError(100034, { close: closeCodes.duplicated_session_id });
      const holder = this.#byId.get(identity.session_id);
      if (!holder) break;
      if (takesOver && holder.identity?.user_id === identity.user_id) {
        holder.close(closeCodes.duplicated_session_id, "the session was resumed by another connection");
        continue;
      }
      if (await holder.answersWithin(this.#service.limits.holder_answer_seconds * 1000)) {
        throw new RequestError(100034, { close: closeCodes.duplicated_session_id });
      }
      holder.close(
        closeCodes.not_answered,
        "another login asked for this session id and there was no answer",
      );
    }
    if (session.isClosed) throw new RequestError(100061);
    this.#checkCount(identity.user_id);
    this.#byId.set(identity.session_id, session);
    session.open(identity, endsAt, this.#users.hold(identity.user_id));
    return session as OpenSession;
  }

  delete(session: Session): void {
    this.#all.delete(session);
    const { identity, user } = session;
    if (user) this.#users.release(user);
    if (identity && this.#byId.get(identity.session_id) === session) this.#byId.delete(identity.session_id);
  }

  /** From now on nobody else gets this id. */
  keep(session_id: string, user_id: string): void {
    this.#kept.set(session_id, user_id);
  }

  letGo(session_id: string): void {
    this.#kept.delete(session_id);
  }

  /** Does what is due by the clock; called about once a second. */
  sweep(now: number): void {
    this.#users.sweep(this.#service.limits.rates, now);
  }

  #checkCount(user_id: string): void {
    const { limits, authenticator } = this.#service;
    const { holders = 0 } = this.#users.find(user_id) ?? {};
    if (authenticator.open || holders < limits.sessions_per_user) return;
    throw new RequestError(100050, {
      limit: limits.sessions_per_user,
      setting: "limits.sessions_per_user",
    });
  }
}
