import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { isLoopback } from "../core/loopback.ts";
import type { Certificate } from "../transport/transport.ts";
import { type Config, ConfigError } from "./config.ts";

/** Where a service is reached (T2), and by whom. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly service: string;
  readonly tls: CertificateFiles | undefined;
  /** Pages that may connect (T7); undefined: all. */
  readonly origins: readonly string[] | undefined;
  readonly require_origin: boolean;
  readonly allow_plaintext: boolean;
  /** Whether a browser is answered with a page (H8). */
  readonly page: boolean;
}

/** Names of PEM files. */
interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Listeners of one host and port: one socket of the operating system. */
export interface Port {
  readonly host: string;
  readonly port: number;
  readonly listeners: readonly [Listener, ...Listener[]];
}

/** Where listeners with a certificate are reached when nothing else is said (T1). */
const TLS_PORT = 9011;

/** The listeners of all services, checked against one another. Throws a `ConfigError`. */
export function listenersOf(config: Config): Listener[] {
  const found = Object.entries(config.services).flatMap(([service, { listeners }]) =>
    listeners.map(({ host = config.host, tls, port = tls ? TLS_PORT : config.port, origins, ...rest }) => {
      return { ...rest, host, port, tls, origins, service };
    }),
  );
  found.forEach((one, i) => {
    requireOneOwner(one, found.slice(0, i));
    if (one.require_origin && one.origins === undefined)
      throw faultOf(one, "require_origin needs origins: which pages may connect");
  });
  for (const port of portsOf(found)) requireOneCertificate(port);
  return found;
}

/** The ports on which these listeners are reached. */
export function portsOf(listeners: readonly Listener[]): Port[] {
  const groups = Map.groupBy(listeners, ({ host, port }) => `${host} ${port}`);
  return Array.from(groups.values(), (here) => {
    const [first, ...others] = here as [Listener, ...Listener[]];
    return { host: first.host, port: first.port, listeners: [first, ...others] };
  });
}

/** L7: without users only this machine may connect. Throws a `ConfigError`. */
export function requireLoopback(listeners: readonly Listener[]): void {
  const other = listeners.find(({ host }) => !isLoopback(host));
  if (!other) return;
  throw new ConfigError(
    `host: ${other.host} can be reached from other machines, but no users are configured, so everybody could read and write every room. Configure users, or listen on 127.0.0.1.`,
  );
}

/** T9: passwords do not cross a network in clear, unless that is asked for. Throws a `ConfigError`. */
export function requireEncryption(listeners: readonly Listener[]): void {
  const open = listeners.find(
    ({ host, tls, allow_plaintext }) => !(tls || allow_plaintext || isLoopback(host)),
  );
  if (!open) return;
  throw faultOf(
    open,
    `${open.host} can be reached from other machines, but without encryption, so passwords and messages could be read on the way. Give the listener tls: {cert, key}, or listen on 127.0.0.1 behind a proxy that encrypts, or write allow_plaintext: true for the listener when its network is to be trusted.`,
  );
}

/** The certificate of a port, read from its files. Throws a `ConfigError` when it cannot be used. */
export function certificateOf({ listeners: [listener] }: Port): Certificate | undefined {
  const { tls } = listener;
  if (!tls) return undefined;
  try {
    const certificate = { cert: readFileSync(tls.cert, "utf8"), key: readFileSync(tls.key, "utf8") };
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ConfigError(
      `services.${listener.service}.listeners: the certificate ${tls.cert} with the key ${tls.key} cannot be used: ${why}`,
      { cause },
    );
  }
}

function requireOneOwner(one: Listener, before: readonly Listener[]): void {
  const twin = before.find(
    ({ host, port, path }) => host === one.host && port === one.port && baseOf(path) === baseOf(one.path),
  );
  if (!twin) return;
  throw faultOf(
    one,
    `${one.host}:${one.port}${one.path} belongs to the service "${twin.service}"; give one of them another path or port`,
  );
}

/** With a slash at its end a path is the same path (T2). */
function baseOf(path: string): string {
  return path.replace(/\/$/, "");
}

function requireOneCertificate({ listeners }: Port): void {
  const [first, ...others] = listeners;
  if (others.every(({ tls }) => isDeepStrictEqual(tls, first.tls))) return;
  throw faultOf(first, `all listeners of port ${first.port} need the same tls`);
}

function faultOf({ service }: Listener, what: string): ConfigError {
  return new ConfigError(`services.${service}.listeners: ${what}`);
}
