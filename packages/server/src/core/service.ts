import { isDeepStrictEqual } from "node:util";
import { type CloseCode, closeCodes, type ErrorCode } from "@roomlog/protocol";
import type { Authenticator, GrantedRight } from "../auth/auth.ts";
import type { ManagedStore } from "../store/managed.ts";
import type { Connection } from "../transport/transport.ts";
import { Audit } from "./audit.ts";
import { type Clock, type Stop, steadyTime } from "./clock.ts";
import { Counts } from "./counts.ts";
import { Cursors, follows } from "./cursors.ts";
import { Deliveries } from "./deliveries.ts";
import { laneOf } from "./delivery.ts";
import { Dispatcher } from "./dispatcher.ts";
import { RequestError } from "./errors.ts";
import type { HookPoints } from "./hook-points.ts";
import { Hooks } from "./hooks.ts";
import { Hub } from "./hub.ts";
import type { SessionLimits } from "./limits.ts";
import { Log, type LogOptions } from "./log.ts";
import type { Logger } from "./logger.ts";
import { Marks } from "./marks.ts";
import type { Measure } from "./measures.ts";
import type { Installed, Plugin } from "./plugin.ts";
import { Replays } from "./replays.ts";
import type { Request, Serving } from "./requests.ts";
import { RoomRights } from "./room-rights.ts";
import { RoomSchemas } from "./room-schemas.ts";
import { Rooms } from "./rooms.ts";
import { type Identity, Session } from "./session.ts";
import { type OpenSession, Sessions } from "./sessions.ts";
import type { Tracing } from "./tracing.ts";
import type { Visitors } from "./visitors.ts";

/** What a service is made of for its whole life. */
export interface ServiceParts {
  readonly name: string;
  /** Of the server. */
  readonly version: string;
  readonly store: ManagedStore;
  readonly clock: Clock;
  /** A new id, unique and hard to guess. */
  readonly newId: () => string;
  /** From 0, below 1; so that what is tried again is not tried by all at once. */
  readonly random: () => number;
  /** A tid for a request of the server, unique in the process (F7). */
  readonly nextTid: () => number;
  readonly logger: Logger;
  /** Whether the disk is nearly full (Q9). */
  readonly isDiskLow: () => boolean;
  /** All connections of the server. */
  readonly visitors: Visitors;
  /** Bytes that only this server knows, the same after a restart (L13). */
  readonly secret: Buffer;
  /** Follows commands (O4). */
  readonly tracing?: Tracing | undefined;
  /** Reads the configuration of the server anew; gives back what needs a restart (S4). */
  readonly reload: () => Promise<readonly string[]>;
  /** Another service of the server (S3). */
  readonly find: (service: string) => Service | undefined;
}

/** What can change while a service runs (S4). */
export interface ServiceSetup {
  /** In the order in which they build on one another, each with its checked settings. */
  readonly plugins: readonly ChosenPlugin[];
  readonly authenticator: Authenticator;
  /** Of everybody who logs in, beside his own (L11). */
  readonly rights: readonly GrantedRight[];
  readonly limits: SessionLimits;
}

export interface ChosenPlugin {
  readonly plugin: Plugin;
  readonly settings: unknown;
}

/** A plugin at work in this service. */
interface Running extends ChosenPlugin {
  readonly installed: Installed;
  /** Undefined while it is not known which ones it has: an update has failed. */
  settings: unknown;
  readonly stop: Stop;
}

/** A client that is told to come again later, in milliseconds (T5). */
const RETRY_AFTER_STOP_MS = 1000;

/** Sweeps that far apart have not come once a second. */
const LATE_SWEEP_MS = 2000;

/** One service (S1): its plugins, its sessions, its events and its rooms. Services know nothing of one another. */
export class Service {
  readonly name: string;
  readonly version: string;
  readonly hub: Hub;
  readonly rooms: Rooms;
  /** Who may do what in its rooms (R8–R11). */
  readonly roomRights: RoomRights;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly counts = new Counts();
  readonly newId: () => string;
  readonly random: () => number;
  readonly nextTid: () => number;
  /** The time by which messages age (M13), µs since 1970. */
  readonly steadyTime: () => number;
  /** L13 */
  readonly secret: Buffer;
  /** O4; mostly nobody wants it. */
  readonly tracing: Tracing | undefined;
  /** C11 */
  readonly reload: () => Promise<readonly string[]>;
  readonly #find: (service: string) => Service | undefined;
  /** Hubs of other services to which sessions of this one have subscribed. */
  readonly #foreign = new Map<string, Hub>();
  readonly #store: ManagedStore;
  readonly #visitors: Visitors;
  readonly #isDiskLow: () => boolean;
  #setup: ServiceSetup;
  #running: readonly Running[] = [];
  #hooks = new Hooks<HookPoints>();
  #dispatcher: Dispatcher;
  #log: Log | undefined;
  #replays: Replays | undefined;
  #stopping = false;
  #sweptAt: number;

  constructor(parts: ServiceParts, setup: ServiceSetup) {
    const {
      name,
      version,
      store,
      clock,
      logger,
      newId,
      random,
      nextTid,
      secret,
      isDiskLow,
      visitors,
      reload,
      find,
    } = parts;
    this.name = name;
    this.version = version;
    this.clock = clock;
    this.#sweptAt = clock.monotonic();
    this.steadyTime = steadyTime(clock);
    this.logger = logger;
    this.audit = new Audit({ service: name, logger, clock });
    this.newId = newId;
    this.random = random;
    this.nextTid = nextTid;
    this.secret = secret;
    this.tracing = parts.tracing;
    this.reload = reload;
    this.#find = find;
    this.#store = store;
    this.#visitors = visitors;
    this.#isDiskLow = isDiskLow;
    this.#setup = setup;
    this.hub = new Hub(name, nextTid);
    this.roomRights = new RoomRights({ service: name, store, clock });
    const rights = this.roomRights;
    this.rooms = new Rooms({
      service: name,
      store,
      hub: this.hub,
      clock,
      newEpoch: newId,
      rights,
      isDiskLow,
    });
    this.rooms.onRights((room_id, user_id) => this.#judgeAnew(room_id, user_id));
    this.sessions = new Sessions(this);
    this.#dispatcher = new Dispatcher([], this.hub, rights);
  }

  get limits(): SessionLimits {
    return this.#setup.limits;
  }

  get authenticator(): Authenticator {
    return this.#setup.authenticator;
  }

  /** What everybody may do who has logged in (L11). */
  get rights(): readonly GrantedRight[] {
    return this.#setup.rights;
  }

  /** What plugins do at the points of others. */
  get hooks(): Hooks<HookPoints> {
    return this.#hooks;
  }

  /** The names of its plugins. */
  get plugins(): readonly string[] {
    return this.#setup.plugins.map(({ plugin }) => plugin.name);
  }

  /** What `/metrics` shows of it (O3). */
  get measures(): readonly Measure[] {
    const ofPlugins = this.#running.flatMap(({ installed }) => installed.measures ?? []);
    return [...this.counts.measures, ...this.sessions.measures, ...ofPlugins];
  }

  /** The message logs of this service's rooms. */
  openLog(options: LogOptions): Log {
    const { name, hub, rooms, clock, counts, roomRights: rights } = this;
    const parts = {
      service: name,
      store: this.#store,
      hub,
      rooms,
      clock,
      rights,
      counts,
      isDiskLow: this.#isDiskLow,
    };
    this.#log = new Log(parts, options);
    return this.#log;
  }

  /** The cursors of connections on these logs (M10). */
  openCursors(log: Log): Cursors {
    const { name, hub, rooms, roomRights: rights } = this;
    return new Cursors({ service: name, hub, rooms, log, rights });
  }

  /** Replays of these logs (M26). */
  openReplays(log: Log): Replays {
    const { name, hub, rooms, clock, roomRights: rights } = this;
    this.#replays = new Replays({ service: name, store: this.#store, hub, rooms, clock, log, rights });
    return this.#replays;
  }

  /** What messages have to be in the rooms, by their types (M24). */
  openSchemas(): RoomSchemas {
    const { name, clock } = this;
    return new RoomSchemas({ service: name, store: this.#store, clock });
  }

  /** How far users have read these logs (M19). */
  openMarks(): Marks {
    const { name, hub, rooms, roomRights: rights } = this;
    return new Marks({ service: name, store: this.#store, hub, rooms, rights });
  }

  /** How far webhooks have been told what stands in these logs (W2). */
  openDeliveries(): Deliveries {
    return new Deliveries({ service: this.name, store: this.#store, log: () => this.#log });
  }

  /** Starts the plugins, the lowest first. The store is open. */
  start(): Promise<void> {
    return this.change(this.#setup);
  }

  /**
   * Goes on with other plugins, settings, users and limits; connections stay (S4). A plugin whose settings are the
   * same, or that takes new ones by itself, keeps what it has in memory; every other one is stopped and set up anew.
   * Rejects, and the service goes on with the plugins, users and limits that it has, when a plugin does not take its settings.
   */
  async change(setup: ServiceSetup): Promise<void> {
    const before = new Map(this.#running.map((running) => [running.plugin, running]));
    const kept = await Promise.all(setup.plugins.map((chosen) => keep(before.get(chosen.plugin), chosen)));
    for (const running of this.#running.toReversed())
      if (!kept.some((one) => one?.stop === running.stop)) running.stop();
    this.#setup = setup;
    const running: Running[] = [];
    for (const [i, chosen] of setup.plugins.entries()) running.push(kept[i] ?? (await this.#install(chosen)));
    this.#running = running;
    this.#hooks = new Hooks();
    for (const { installed } of running) this.#hooks.add(installed.hooks ?? {});
    const commands = running.flatMap(({ installed }) => installed.commands ?? []);
    this.#dispatcher = new Dispatcher(commands, this.hub, this.roomRights);
  }

  /** Stops the plugins, the highest first. */
  stop(): void {
    for (const { stop } of this.#running.toReversed()) stop();
    this.#running = [];
  }

  async #install({ plugin, settings }: ChosenPlugin): Promise<Running> {
    const installed = plugin.setup(this, settings);
    const stop = (await installed.start?.()) ?? (() => {});
    return { plugin, settings, installed, stop };
  }

  /**
   * The events of a service by its name, `"*"` and none for the own one (E2). Throws 100030 for another one without the
   * right to it, 100020 when there is none.
   */
  hubOf(service: string | undefined, { rights }: Identity): Hub {
    if (service === undefined || service === "*" || service === this.name) return this.hub;
    if (!rights.may("other_services")) throw new RequestError(100030, { right: "other_services" });
    const hub = this.#find(service)?.hub;
    if (!hub) throw new RequestError(100020);
    this.#foreign.set(service, hub);
    return hub;
  }

  /** The hubs a session of this service may have subscribed to, by the name that its subscriptions carry. */
  get hubs(): ReadonlyMap<string | undefined, Hub> {
    return new Map<string | undefined, Hub>([[undefined, this.hub], ...this.#foreign]);
  }

  /** A session is sent nothing more of a room, also what waits for it; what it subscribed to by the room's name ends. */
  dismiss(session: OpenSession, room_id: string): void {
    this.hub.unsubscribe(session, follows(room_id));
    for (const { pattern } of this.hub.of(session))
      if (pattern.obj_id === room_id && pattern.class !== "core") this.hub.unsubscribe(session, pattern);
    session.feed.drop(laneOf(this.name, room_id), "all");
    this.#replays?.dismiss(session, room_id);
  }

  /** What somebody may not hear any more does not reach him, also what waits for him (E9). */
  #judgeAnew(room_id: string, user_id: string | undefined): void {
    for (const session of this.sessions.open())
      if (user_id === undefined || session.identity.user_id === user_id) this.#judgeIn(session, room_id);
  }

  /** A session goes on with other rights: what it may not hear any more does not reach it (L12, E9). */
  rightsChanged(session: OpenSession): void {
    const lane = laneOf(this.name, "");
    const lagging = session.feed.lanes
      .filter((key) => key.startsWith(lane))
      .map((key) => key.slice(lane.length));
    const replayed = this.#replays?.roomsOf(session) ?? [];
    for (const room_id of new Set([...this.hub.roomsOf(session), ...lagging, ...replayed]))
      this.rooms.rightsChanged(room_id, session.identity.user_id);
  }

  #judgeIn(session: OpenSession, room_id: string): void {
    const { identity } = session;
    const mayRead = this.roomRights.may(identity, "msglog_get", room_id);
    const maySee = this.roomRights.may(identity, "room_read", room_id);
    if (!(mayRead || maySee)) return this.dismiss(session, room_id);
    if (!maySee) session.feed.drop(laneOf(this.name, room_id), "events");
    if (mayRead) return;
    this.hub.unsubscribe(session, follows(room_id));
    session.feed.drop(laneOf(this.name, room_id), "log");
  }

  /** Takes a new connection that comes from `address`. */
  accept(connection: Connection, address: string): Session {
    const session = new Session(this, connection, this.#visitors.enter(address));
    this.sessions.add(session);
    return session;
  }

  /** How a request will be served. Throws 100051 while the service is stopping (T5). */
  serve(request: Request, session: Session): Serving {
    if (this.#stopping) throw new RequestError(100051, { retry_after_ms: RETRY_AFTER_STOP_MS });
    return this.#dispatcher.serve(request, session);
  }

  /** What a request over a rate is answered (Q3). */
  overRate(request: Pick<Request, "class" | "subclass" | "cmd">): ErrorCode {
    return this.#dispatcher.overRate(request);
  }

  /** Forgets a session that has ended. */
  leave(session: Session): void {
    this.#visitors.leave(session.address, !session.identity);
    for (const hub of this.hubs.values()) hub.leave(session);
    this.sessions.delete(session);
    if (session.identity) this.hooks.run("core.ended", session as OpenSession, () => {});
  }

  /**
   * Does what is due by the clock; called once a second. When it comes late, the process did not run (it was stopped,
   * or the machine slept): what clients said meanwhile lies unread, so nobody is late.
   */
  sweep(): void {
    const now = this.clock.monotonic();
    const isLate = now - this.#sweptAt > LATE_SWEEP_MS;
    this.#sweptAt = now;
    this.sessions.sweep(now);
    for (const session of this.sessions) {
      if (isLate) session.notHeard();
      else session.sweep(now);
    }
  }

  /** Refuses new requests and resolves when the running ones have been answered (T5). */
  async finish(): Promise<void> {
    this.#stopping = true;
    const plugins = this.#running.map(({ installed }) => installed.finish?.());
    await Promise.all([...Array.from(this.sessions, (session) => session.finished()), ...plugins]);
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

/** The running plugin as it goes on with other settings; undefined when it has to be set up anew. Rejects when it does not take them. */
async function keep(running: Running | undefined, { settings }: ChosenPlugin): Promise<Running | undefined> {
  if (!running || isDeepStrictEqual(running.settings, settings)) return running;
  if (!running.installed.update) return undefined;
  running.settings = undefined;
  await running.installed.update(settings);
  return { ...running, settings };
}
