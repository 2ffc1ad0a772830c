import { type CloseCode, closeCodes } from "@roomlog/protocol";
import type { Authenticator } from "../auth/auth.ts";
import type { ManagedStore } from "../store/managed.ts";
import type { Connection, Receiver } from "../transport/transport.ts";
import type { Clock, Stop } from "./clock.ts";
import { Dispatcher } from "./dispatcher.ts";
import { RequestError } from "./errors.ts";
import type { HookPoints } from "./hook-points.ts";
import { Hooks } from "./hooks.ts";
import { Hub } from "./hub.ts";
import type { SessionLimits } from "./limits.ts";
import { Log, type LogOptions } from "./log.ts";
import type { Logger } from "./logger.ts";
import type { Installed, Plugin } from "./plugin.ts";
import type { Request, Serving } from "./requests.ts";
import { Rooms } from "./rooms.ts";
import { Session } from "./session.ts";
import { type OpenSession, Sessions } from "./sessions.ts";

export interface ServiceParts {
  readonly name: string;
  /** Of the server. */
  readonly version: string;
  /** In the order in which they build on one another, each with its checked settings. */
  readonly plugins: readonly { readonly plugin: Plugin; readonly settings: unknown }[];
  readonly store: ManagedStore;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** A new id, unique and hard to guess. */
  readonly newId: () => string;
  /** A tid for a request of the server, unique in the process (F7). */
  readonly nextTid: () => number;
  readonly logger: Logger;
  readonly limits: SessionLimits;
}

/** A client that is told to come again later, in milliseconds (T5). */
const RETRY_AFTER_STOP_MS = 1000;

/** One service (S1): its plugins, its sessions, its events and its rooms. Services know nothing of one another. */
export class Service {
  readonly name: string;
  readonly version: string;
  /** The names of its plugins. */
  readonly plugins: readonly string[];
  readonly hooks = new Hooks<HookPoints>();
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly sessions: Sessions;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: SessionLimits;
  readonly newId: () => string;
  readonly nextTid: () => number;
  readonly #store: ManagedStore;
  readonly #dispatcher: Dispatcher;
  readonly #installed: readonly Installed[];
  /** What to call when the service stops, the last one first. */
  readonly #stops: Stop[] = [];
  #stopping = false;

  constructor(parts: ServiceParts) {
    const { name, plugins, store, authenticator, clock, newId, nextTid, logger, limits } = parts;
    this.name = name;
    this.version = parts.version;
    this.plugins = plugins.map(({ plugin }) => plugin.name);
    this.authenticator = authenticator;
    this.clock = clock;
    this.logger = logger;
    this.limits = limits;
    this.newId = newId;
    this.nextTid = nextTid;
    this.#store = store;
    this.hub = new Hub(nextTid);
    this.rooms = new Rooms({ service: name, store, hub: this.hub, clock, newEpoch: newId });
    this.sessions = new Sessions(limits.holder_answer_seconds * 1000);
    this.#installed = plugins.map(({ plugin, settings }) => plugin.setup(this, settings));
    for (const { hooks = {} } of this.#installed) this.hooks.add(hooks);
    this.#dispatcher = new Dispatcher(
      this.#installed.flatMap(({ commands = [] }) => commands),
      this.hub,
    );
  }

  /** The message logs of this service's rooms. */
  openLog(options: LogOptions): Log {
    const { name, hub, rooms, clock } = this;
    return new Log({ service: name, store: this.#store, hub, rooms, clock }, options);
  }

  /** Starts the plugins, the lowest first. The store is open. */
  async start(): Promise<void> {
    for (const installed of this.#installed) {
      if (installed.start) this.#stops.push(await installed.start());
    }
  }

  /** Stops the plugins, the highest first. */
  stop(): void {
    for (const stop of this.#stops.splice(0).reverse()) stop();
  }

  /** Takes a new connection. */
  accept(connection: Connection): Receiver {
    const session = new Session(this, connection);
    this.sessions.add(session);
    return session;
  }

  /** How a request will be served. Throws 100051 while the service is stopping (T5). */
  serve(request: Request, session: Session): Serving {
    if (this.#stopping) throw new RequestError(100051, { retry_after_ms: RETRY_AFTER_STOP_MS });
    return this.#dispatcher.serve(request, session);
  }

  /** Forgets a session that has ended. */
  leave(session: Session): void {
    this.hub.leave(session);
    this.sessions.delete(session);
    if (session.identity) this.hooks.run("core.ended", session as OpenSession, () => {});
  }

  /** Does what is due by the clock; called once a second. */
  sweep(): void {
    const now = this.clock.monotonic();
    for (const session of this.sessions) session.sweep(now);
  }

  /** Refuses new requests and resolves when the running ones have been answered (T5). */
  async finish(): Promise<void> {
    this.#stopping = true;
    await Promise.all(Array.from(this.sessions, (session) => session.finished()));
  }

  closeAll(code: CloseCode, reason: string): void {
    for (const session of this.sessions) session.close(code, reason);
  }

  /** Closes the sessions in batches, so that their clients do not all come back at once (T5). */
  async drain(batch: { readonly sessions: number; readonly pause_ms: number }): Promise<void> {
    const all = [...this.sessions];
    for (let i = 0; i < all.length; i += batch.sessions) {
      if (i > 0) await new Promise<void>((resolve) => this.clock.after(batch.pause_ms, resolve));
      for (const session of all.slice(i, i + batch.sessions))
        session.close(closeCodes.going_away, "the server is stopping");
    }
  }
}
