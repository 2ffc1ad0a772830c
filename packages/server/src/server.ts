import { randomUUID } from "node:crypto";
import { closeCodes } from "@roomlog/protocol";
import { type Config, type ConfigInput, configSchema } from "./config/config.ts";
import { stores } from "./config/drivers.ts";
import { listenersOf } from "./config/listeners.ts";
import { secretOf } from "./config/secret.ts";
import { DoorAudit } from "./core/audit.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { type Logger, silentLogger } from "./core/logger.ts";
import type { Plugin } from "./core/plugin.ts";
import { Service } from "./core/service.ts";
import { Visitors } from "./core/visitors.ts";
import { type Condition, healthz, type Page, readyz } from "./health.ts";
import { Pool } from "./http/pool.ts";
import { Metrics } from "./metrics/metrics.ts";
import { processMeasures } from "./metrics/process.ts";
import { serverMeasures } from "./metrics/server.ts";
import { spansIfWanted } from "./metrics/tracing.ts";
import { portRoutes } from "./port-routes.ts";
import { type AppServer, attachedConfig, type OpenPort, openPorts, urlsOf } from "./ports.ts";
import { Reloads } from "./reloads.ts";
import { setupsOf } from "./setups.ts";
import { FreeSpace } from "./store/free-space.ts";
import { ManagedStore } from "./store/managed.ts";
import type { Store } from "./store/store.ts";
import { version } from "./version.ts";

export interface ServerParts {
  readonly clock?: Clock;
  /** A new id, unique and hard to guess; UUIDs by default. */
  readonly newId?: () => string;
  /** From 0, below 1; `Math.random` by default. */
  readonly random?: () => number;
  readonly logger?: Logger;
  /** Plugins that services may name, beside those in the box. */
  readonly plugins?: readonly Plugin[];
  /** Where `reload` finds the configuration; without it there is nothing new. */
  readonly loadConfig?: () => ConfigInput;
  /** Instead of the configured one. */
  readonly store?: Store;
  /** A server of your own, whose paths of the listeners are taken instead of a port (H10); it stays yours. */
  readonly server?: AppServer;
}

/** A running server. */
export interface Server {
  /** `ws://HOST:PORT/PATH` of each listener; none while a server of your own does not listen yet. */
  readonly urls: readonly string[];
  /** Whether it lets in everybody who reaches it (L7). */
  readonly open: boolean;
  /** Commits and writes of the store so far. */
  readonly counts: ManagedStore["counts"];
  /** Whether it is of use (O1), and whether clients are to be sent here (O2). */
  healthz(): Page;
  readyz(): Page;
  /** Its numbers in Prometheus' text format (O3), for an application that answers for itself. */
  metrics(): Promise<Page>;
  /** Resolves with the cause when the store has failed; the server has closed its sessions then (1011). */
  readonly failed: Promise<unknown>;
  /**
   * Reads the configuration anew and goes on with it, without dropping connections (S4). Resolves with the settings
   * that differ from those of the start and need a restart; rejects with a `ConfigError`, and nothing changes.
   */
  reload(): Promise<readonly string[]>;
  /** Stops as T5 says. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How often the services do what is due by the clock, in milliseconds. */
const SWEEP_MS = 1000;

const STORE_FAILED = "the store failed; sends without an answer: outcome unknown";

/**
 * Starts a server: the one place that knows drivers and core at once. Throws a `ConfigError` or a `StoreError`
 * that says what to do.
 */
export async function createServer(input: ConfigInput = {}, parts: ServerParts = {}): Promise<Server> {
  const { server: app, plugins } = parts;
  const { clock = systemClock(), newId = randomUUID, random = Math.random, logger = silentLogger } = parts;
  const read = (written: ConfigInput) => configSchema.parse(app ? attachedConfig(written) : written);
  const started = read(input);
  const listeners = listenersOf(started);
  const forSetups = { clock, logger, plugins };
  const setups = await setupsOf(started, { ...forSetups, listeners });

  const services = new Map<string, Service>();
  const failure = Promise.withResolvers<unknown>();
  const spans = await spansIfWanted(version);
  const metrics = new Metrics(() => ({ server: measures, services: services.values() }));
  const store = new ManagedStore(
    parts.store ?? stores[started.store.kind](started),
    started.store,
    (cause) => {
      for (const service of services.values()) service.closeAll(closeCodes.internal_error, STORE_FAILED);
      failure.resolve(cause);
    },
    (commit) => {
      metrics.committed(commit);
      spans?.committed(commit);
    },
  );
  let state: Condition["state"] = "starting";
  let ports: readonly OpenPort[] = [];
  const reloads = new Reloads(started, {
    read: () => read(parts.loadConfig?.() ?? input),
    services,
    ports: () => ports,
    setups: forSetups,
  });
  await store.open();
  const secret = await secretBeside(store, started);
  const visitors = new Visitors(() => reloads.config.limits);
  const pool = new Pool({ visitors, clock });
  const door = new DoorAudit({ logger, clock });
  const freeSpace = freeSpaceFor(started, logger);
  const isDiskLow = () => freeSpace?.isLow === true;
  const condition = () => ({ state, hasFailed: store.hasFailed, isDiskLow: isDiskLow() });
  const shared = {
    version,
    store,
    clock,
    newId,
    random,
    nextTid: counter(),
    logger,
    isDiskLow,
    secret,
    visitors,
    tracing: spans,
    reload: () => reloads.reload(),
    find: (name: string) => services.get(name),
  };
  for (const [name, setup] of setups) services.set(name, new Service({ name, ...shared }, setup));

  await freeSpace?.check();
  const ofProcess = processMeasures();
  const answers = new Map<number, number>();
  const measures = [...serverMeasures({ store, visitors, freeSpace, door, answers }), ...ofProcess.measures];
  const stopServices = async () => {
    pool.close();
    for (const service of services.values()) service.stop();
    ofProcess.stop();
    await store.close();
  };
  const start = async () => {
    for (const service of services.values()) await service.start();
    const routes = portRoutes({ condition, metrics, settings: () => reloads.config.metrics });
    const isStopping = () => stopped !== undefined;
    const reached = { services, visitors, pool, logger, clock, door, answers, routes, isStopping };
    return openPorts(listeners, reached, { ...started, app });
  };
  let stopped: Promise<void> | undefined;
  ports = await start().catch(async (error: unknown) => {
    await stopServices();
    throw error;
  });
  state = "running";
  const stopSweep = clock.every(SWEEP_MS, () => {
    visitors.sweep(clock.monotonic());
    void freeSpace?.check();
    for (const service of services.values()) service.sweep();
  });

  const stop = async () => {
    state = "stopping";
    for (const { listening } of ports) listening.stop();
    await finish([...services.values()], reloads.config.limits, clock);
    stopSweep();
    await Promise.all(ports.map(({ listening }) => listening.close()));
    await stopServices();
  };
  const close = () => {
    stopped ??= stop();
    return stopped;
  };
  return {
    get urls() {
      return ports.flatMap(urlsOf);
    },
    get open() {
      return [...services.values()].some(({ authenticator }) => authenticator.open);
    },
    get counts() {
      return store.counts;
    },
    healthz: () => healthz(condition()),
    readyz: () => readyz(condition()),
    metrics: async () => ({ status: 200, ...(await metrics.text()) }),
    failed: failure.promise,
    reload: () => reloads.reload(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What is under way gets its time, then the sessions are sent away a few at a time (T5). */
async function finish(services: readonly Service[], limits: Config["limits"], clock: Clock): Promise<void> {
  const { drain_seconds, drain_sessions, drain_pause_ms } = limits;
  const late = Promise.withResolvers<void>();
  const stopWaiting = clock.after(drain_seconds * 1000, late.resolve);
  await Promise.race([Promise.all(services.map((service) => service.finish())), late.promise]);
  stopWaiting();
  const pace = { sessions: drain_sessions, pause_ms: drain_pause_ms };
  await Promise.all(services.map((service) => service.drain(pace)));
}

/** Q9; a store in memory fills no disk. */
function freeSpaceFor({ store, data }: Config, logger: Logger): FreeSpace | undefined {
  if (store.kind === "memory") return undefined;
  return new FreeSpace(data, store.min_free_bytes, (isLow, free_bytes) => {
    if (isLow)
      logger.error({ data, free_bytes }, "the disk is nearly full: sends are refused until there is space");
    else logger.info({ data, free_bytes }, "there is space on the disk again: sends are taken");
  });
}

/** The data directory belongs to this process once its store is open. */
async function secretBeside(store: ManagedStore, config: Config): Promise<Buffer> {
  try {
    return secretOf(config);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}
