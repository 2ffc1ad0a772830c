import { randomUUID } from "node:crypto";
import { closeCodes } from "@roomlog/protocol";
import { type Config, type ConfigInput, configSchema } from "./config/config.ts";
import { authenticatorFor, type Surroundings, stores } from "./config/drivers.ts";
import {
  certificateOf,
  type Listener,
  listenersOf,
  portsOf,
  requireEncryption,
  requireLoopback,
} from "./config/listeners.ts";
import { choosePlugins } from "./config/plugins.ts";
import { needsRestart } from "./config/restart.ts";
import { requireKnownRights } from "./config/rights.ts";
import { secretOf } from "./config/secret.ts";
import { DoorAudit } from "./core/audit.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { type Logger, silentLogger } from "./core/logger.ts";
import type { Plugin } from "./core/plugin.ts";
import { Service, type ServiceSetup } from "./core/service.ts";
import { Visitors } from "./core/visitors.ts";
import { type Condition, healthz, type Page, readyz } from "./health.ts";
import { Pool } from "./http/pool.ts";
import { Metrics } from "./metrics/metrics.ts";
import { processMeasures } from "./metrics/process.ts";
import { serverMeasures } from "./metrics/server.ts";
import { spansIfWanted } from "./metrics/tracing.ts";
import { portRoutes } from "./port-routes.ts";
import { type AppServer, attachedConfig, type OpenPort, openPorts, urlsOf } from "./ports.ts";
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
  const { server: app } = parts;
  const read = (written: ConfigInput) => configSchema.parse(app ? attachedConfig(written) : written);
  const started = read(input);
  let config = started;
  const { clock = systemClock(), newId = randomUUID, random = Math.random, logger = silentLogger } = parts;
  const listeners = listenersOf(config);
  const surroundings = { clock, logger };
  const setups = await setupsOf(config, { ...surroundings, listeners, plugins: parts.plugins });

  const failure = Promise.withResolvers<unknown>();
  const spans = await spansIfWanted(version);
  const metrics = new Metrics(() => ({ server: measures, services: services.values() }));
  const store = new ManagedStore(
    parts.store ?? stores[config.store.kind](config),
    config.store,
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
  const condition = () => ({ state, hasFailed: store.hasFailed, isDiskLow: isDiskLow() });
  let ports: readonly OpenPort[] = [];
  let stopped: Promise<void> | undefined;
  const readAndChange = async () => {
    const next = read(parts.loadConfig?.() ?? input);
    // Also the listeners that stay: they are what others reach until a restart.
    const reached = [...listenersOf(next), ...listeners];
    const nextSetups = await setupsOf(next, {
      ...surroundings,
      listeners: reached,
      plugins: parts.plugins,
    });
    const certificates = ports.map(({ port }) => certificateOf(port));
    for (const [name, service] of services)
      await service.change(nextSetups.get(name) ?? setupOf(setups, name));
    ports.forEach(({ listening }, i) => {
      const certificate = certificates[i];
      if (certificate) listening.renew(certificate);
    });
    const restart_needed = needsRestart(started, next);
    config = next;
    logger.info({ audit: "reload", restart_needed }, "configuration reloaded");
    return restart_needed;
  };
  // One at a time: each works on what the one before has left.
  let reloading: Promise<readonly string[]> = Promise.resolve([]);
  const reload = () => {
    reloading = reloading.then(readAndChange, readAndChange);
    return reloading;
  };
  await store.open();
  const secret = await secretBeside(store, config);
  const find = (name: string): Service | undefined => services.get(name);
  const door = new DoorAudit({ logger, clock });
  const visitors = new Visitors(() => config.limits);
  const pool = new Pool({ visitors, clock });
  const freeSpace = freeSpaceFor(config, logger);
  const isDiskLow = () => freeSpace?.isLow === true;
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
    reload,
    find,
  };
  const services: ReadonlyMap<string, Service> = new Map(
    Array.from(setups, ([name, setup]) => [name, new Service({ name, ...shared }, setup)] as const),
  );

  await freeSpace?.check();
  const ofProcess = processMeasures();
  const answers = new Map<number, number>();
  const ofServer = serverMeasures({ store, visitors, freeSpace, door, answers });
  const measures = [...ofServer, ...ofProcess.measures];
  const stopServices = async () => {
    pool.close();
    for (const service of services.values()) service.stop();
    ofProcess.stop();
    await store.close();
  };
  const start = async () => {
    for (const service of services.values()) await service.start();
    const routes = portRoutes({ condition, metrics, settings: () => config.metrics });
    const isStopping = () => stopped !== undefined;
    const reached = { services, visitors, pool, logger, clock, door, answers, routes, isStopping };
    return openPorts(listeners, reached, { ...config, app });
  };
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
    const { drain_seconds, drain_sessions, drain_pause_ms } = config.limits;
    const all = [...services.values()];
    const late = Promise.withResolvers<void>();
    const stopWaiting = clock.after(drain_seconds * 1000, late.resolve);
    await Promise.race([Promise.all(all.map((service) => service.finish())), late.promise]);
    stopWaiting();
    await Promise.all(
      all.map((service) => service.drain({ sessions: drain_sessions, pause_ms: drain_pause_ms })),
    );
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
    reload,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Everything that a start would check before it touches data or network. Throws a `ConfigError`. */
export async function checkConfig(config: Config): Promise<void> {
  const listeners = listenersOf(config);
  await setupsOf(config, { clock: systemClock(), logger: silentLogger, listeners });
  for (const port of portsOf(listeners)) certificateOf(port);
}

interface SetupParts extends Surroundings {
  /** Where the services are reached. */
  readonly listeners: readonly Listener[];
  /** Plugins that services may name, beside those in the box. */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** What each service is to be, checked as a whole. Throws a `ConfigError`. */
async function setupsOf(
  config: Config,
  { listeners, plugins: given = [], ...surroundings }: SetupParts,
): Promise<Map<string, ServiceSetup>> {
  requireKnownRights(config);
  const authenticator = authenticatorFor(config, surroundings);
  if (authenticator.open) requireLoopback(listeners);
  requireEncryption(listeners);
  const setups = Object.entries(config.services).map(async ([name, service]) => {
    const plugins = await choosePlugins(name, service, given);
    return [name, { plugins, authenticator, rights: service.rights, limits: config.limits }] as const;
  });
  return new Map(await Promise.all(setups));
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

function setupOf(setups: ReadonlyMap<string, ServiceSetup>, name: string): ServiceSetup {
  const setup = setups.get(name);
  if (!setup) throw new Error(`no service ${name}`);
  return setup;
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}
