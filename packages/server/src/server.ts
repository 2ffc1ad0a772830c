import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { closeCodes } from "@roomlog/protocol";
import { type Config, ConfigError, type ConfigInput, configSchema } from "./config/config.ts";
import { authenticatorFor, stores } from "./config/drivers.ts";
import { choosePlugins } from "./config/plugins.ts";
import { needsRestart } from "./config/restart.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { type Logger, silentLogger } from "./core/logger.ts";
import { isLoopback, refusedByOpenMode } from "./core/loopback.ts";
import type { Plugin } from "./core/plugin.ts";
import { Service, type ServiceSetup } from "./core/service.ts";
import { ManagedStore } from "./store/managed.ts";
import type { Store } from "./store/store.ts";
import type { Admission, Listening, Upgrade } from "./transport/transport.ts";
import { webSocketTransport } from "./transport/ws.ts";
import { version } from "./version.ts";

export interface ServerParts {
  readonly clock?: Clock;
  /** A new id, unique and hard to guess; UUIDs by default. */
  readonly newId?: () => string;
  readonly logger?: Logger;
  /** Plugins that services may name, beside those in the box. */
  readonly plugins?: readonly Plugin[];
  /** Where `reload` finds the configuration; without it there is nothing new. */
  readonly loadConfig?: () => ConfigInput;
  /** Instead of the configured one. */
  readonly store?: Store;
}

/** A running server. */
export interface Server {
  /** `ws://HOST:PORT/PATH` of each listener. */
  readonly urls: readonly string[];
  /** Commits and writes of the store so far. */
  readonly counts: ManagedStore["counts"];
  /** Resolves with the cause when the store has failed; the server has closed its sessions then (1011). */
  readonly failed: Promise<unknown>;
  /**
   * Reads the configuration anew and goes on with it, without dropping connections (S4). Resolves with the settings
   * that were changed and need a restart; rejects with a `ConfigError`, and nothing changes.
   */
  reload(): Promise<readonly string[]>;
  /** Stops as T5 says. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How often the services do what is due by the clock, in milliseconds. */
const SWEEP_MS = 1000;

const STORE_FAILED = "the store failed; sends without an answer: outcome unknown";

/** Where a service is reached (T2). */
interface Listener {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly service: string;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** Where listeners with a certificate are reached when nothing else is said (T1). */
const TLS_PORT = 9011;

/**
 * Starts a server: the one place that knows drivers and core at once. Throws a `ConfigError` or a `StoreError`
 * that says what to do.
 */
export async function startServer(input: ConfigInput = {}, parts: ServerParts = {}): Promise<Server> {
  let config = configSchema.parse(input);
  const { clock = systemClock(), newId = randomUUID, logger = silentLogger } = parts;
  const listeners = listenersOf(config);
  const setups = await setupsOf(config, parts.plugins);

  const failure = Promise.withResolvers<unknown>();
  const store = new ManagedStore(parts.store ?? stores[config.store.kind](config), config.store, (cause) => {
    for (const service of services.values()) service.closeAll(closeCodes.internal_error, STORE_FAILED);
    failure.resolve(cause);
  });
  const readAndChange = async () => {
    const next = configSchema.parse(parts.loadConfig?.() ?? input);
    const nextSetups = await setupsOf(next, parts.plugins);
    for (const [name, service] of services)
      await service.change(nextSetups.get(name) ?? setupOf(setups, name));
    const restart_needed = needsRestart(config, next);
    config = next;
    logger.info({ restart_needed }, "configuration reloaded");
    return restart_needed;
  };
  // One at a time: each works on what the one before has left.
  let reloading: Promise<readonly string[]> = Promise.resolve([]);
  const reload = () => {
    reloading = reloading.then(readAndChange, readAndChange);
    return reloading;
  };
  const find = (name: string): Service | undefined => services.get(name);
  const shared = { version, store, clock, newId, nextTid: counter(), logger, reload, find };
  const services: ReadonlyMap<string, Service> = new Map(
    Array.from(setups, ([name, setup]) => [name, new Service({ name, ...shared }, setup)] as const),
  );

  await store.open();
  const stopServices = async () => {
    for (const service of services.values()) service.stop();
    await store.close();
  };
  const start = async () => {
    for (const service of services.values()) await service.start();
    return listenAll(listeners, services, config);
  };
  const ports = await start().catch(async (error: unknown) => {
    await stopServices();
    throw error;
  });
  const stopSweep = clock.every(SWEEP_MS, () => {
    for (const service of services.values()) service.sweep();
  });

  const stop = async () => {
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
  let stopped: Promise<void> | undefined;
  const close = () => {
    stopped ??= stop();
    return stopped;
  };
  return {
    urls: ports.flatMap(({ urls }) => urls),
    get counts() {
      return store.counts;
    },
    failed: failure.promise,
    reload,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Everything that a start would check before it touches data or network. Throws a `ConfigError`. */
export async function checkConfig(config: Config): Promise<void> {
  listenersOf(config);
  await setupsOf(config);
}

/** What each service is to be, checked as a whole. Throws a `ConfigError`. */
async function setupsOf(config: Config, given: readonly Plugin[] = []): Promise<Map<string, ServiceSetup>> {
  const authenticator = authenticatorFor(config);
  if (authenticator.open) requireLoopback(listenersOf(config));
  const setups = Object.entries(config.services).map(async ([name, service]) => {
    const plugins = await choosePlugins(name, service, given);
    return [name, { plugins, authenticator, limits: config.limits }] as const;
  });
  return new Map(await Promise.all(setups));
}

function setupOf(setups: ReadonlyMap<string, ServiceSetup>, name: string): ServiceSetup {
  const setup = setups.get(name);
  if (!setup) throw new Error(`no service ${name}`);
  return setup;
}

function listenersOf(config: Config): Listener[] {
  const found = Object.entries(config.services).flatMap(([service, { listeners }]) =>
    listeners.map(({ host = config.host, tls, port = tls ? TLS_PORT : config.port, path }) => ({
      host,
      port,
      path,
      service,
      tls,
    })),
  );
  found.forEach((one, i) => {
    const twin = found
      .slice(0, i)
      .find(({ host, port, path }) => host === one.host && port === one.port && path === one.path);
    if (!twin) return;
    throw new ConfigError(
      `services.${one.service}.listeners: ${one.host}:${one.port}${one.path} belongs to the service "${twin.service}"; give one of them another path or port`,
    );
  });
  return found;
}

/** L7: without users only this machine may connect. */
function requireLoopback(listeners: readonly Listener[]): void {
  const other = listeners.find(({ host }) => !isLoopback(host));
  if (!other) return;
  throw new ConfigError(
    `host: ${other.host} can be reached from other machines, but no users are configured, so everybody could read and write every room. Configure users, or listen on 127.0.0.1.`,
  );
}

async function listenAll(
  listeners: readonly Listener[],
  services: ReadonlyMap<string, Service>,
  config: Config,
) {
  const ports: { readonly listening: Listening; readonly urls: string[] }[] = [];
  try {
    for (const [{ host, port }, here] of byPort(listeners)) {
      const admit = (upgrade: Upgrade) => admission(upgrade, here, services);
      const tls = certificateOf(here);
      const listening = await webSocketTransport({ host, port, limits: config.limits, tls, admit });
      ports.push({
        listening,
        urls: here.map(({ path }) => `${tls ? "wss" : "ws"}://${bracketed(host)}:${listening.port}${path}`),
      });
    }
    return ports;
  } catch (cause) {
    await Promise.all(ports.map(({ listening }) => listening.close()));
    throw cause instanceof Error && "code" in cause ? cannotListen(cause) : cause;
  }
}

/** The certificate of a port. Throws a `ConfigError` when it cannot be read, or when the listeners do not agree. */
function certificateOf(listeners: readonly Listener[]): Listener["tls"] {
  const [{ tls, service, port } = {}] = listeners;
  if (listeners.some((other) => !isDeepStrictEqual(other.tls, tls))) {
    throw new ConfigError(`services.${service}.listeners: all listeners of port ${port} need the same tls`);
  }
  try {
    return tls && { cert: readFileSync(tls.cert, "utf8"), key: readFileSync(tls.key, "utf8") };
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ConfigError(`services.${service}.listeners: the certificate cannot be read: ${why}`, { cause });
  }
}

function byPort(listeners: readonly Listener[]): Map<{ host: string; port: number }, Listener[]> {
  const groups = Map.groupBy(listeners, ({ host, port }) => `${host} ${port}`);
  return new Map(
    [...groups.values()].map((here) => [{ host: here[0]?.host ?? "", port: here[0]?.port ?? 0 }, here]),
  );
}

function admission(
  upgrade: Upgrade,
  listeners: readonly Listener[],
  services: ReadonlyMap<string, Service>,
): Admission {
  const exact = listeners.find(({ path }) => path === upgrade.path);
  const service = services.get((exact ?? listeners.find(({ path }) => path === "/"))?.service ?? "");
  if (!service) return { kind: "refuse", status: 404, text: `There is no service at ${upgrade.path}.` };
  const text = service.authenticator.open ? refusedByOpenMode(upgrade.host, upgrade.origin) : undefined;
  if (text !== undefined) return { kind: "refuse", status: 403, text };
  return { kind: "accept", receive: (connection) => service.accept(connection) };
}

function cannotListen(cause: Error & { code?: unknown; address?: unknown; port?: unknown }): ConfigError {
  const where = `${cause.address}:${cause.port}`;
  const what =
    cause.code === "EADDRINUSE"
      ? `port: ${where} is taken by another program; choose another port, or 0 for a free one.`
      : `host: cannot listen on ${where}: ${cause.message}`;
  return new ConfigError(what, { cause });
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}
