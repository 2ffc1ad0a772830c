import type { Server as HttpServer } from "node:http";
import { Server as SecureServer } from "node:https";
import { type Config, ConfigError, type ConfigInput } from "./config/config.ts";
import { certificateOf, type Listener, type Port, portsOf } from "./config/listeners.ts";
import type { DoorAudit } from "./core/audit.ts";
import type { Clock } from "./core/clock.ts";
import type { Logger } from "./core/logger.ts";
import type { Service } from "./core/service.ts";
import type { Visitors } from "./core/visitors.ts";
import { httpEdge, type PortRoutes } from "./http/edge.ts";
import { type Entrance, entranceAt, isWithin, notThere, refusedAt } from "./http/entrances.ts";
import type { Pool } from "./http/pool.ts";
import type {
  Address,
  Admission,
  Attachment,
  Listening,
  PlainRequest,
  Refused,
  Upgrade,
} from "./transport/transport.ts";
import { webSocketTransport } from "./transport/ws.ts";

/** A server of the application, that listens or will. */
export type AppServer = HttpServer | SecureServer;

/** A port that is listened on, or a server that is attached to. */
export interface OpenPort {
  readonly port: Port;
  readonly listening: Listening;
  readonly app: AppServer | undefined;
}

/** What stands behind the listeners. */
export interface Reached {
  readonly services: ReadonlyMap<string, Service>;
  readonly visitors: Visitors;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly door: DoorAudit;
  /** Answers to plain requests, by their status. */
  readonly answers: Map<number, number>;
  /** What ports answer by themselves; not on an application's server (H10). */
  readonly routes: PortRoutes;
  /** Whether nobody is let in any more (T5). */
  readonly isStopping: () => boolean;
}

/** Where a service is reached on an application's server when nothing is said (H10). */
const ATTACHED_PATH = "/roomlog";

const STOPPING: Refused = {
  kind: "refuse",
  status: 503,
  text: "This server is stopping; come again later.",
  retry_after: 1,
};

/** The configuration as it holds on an application's server: `/` is the application's own. */
export function attachedConfig(input: ConfigInput): ConfigInput {
  return input.services ? input : { ...input, services: { main: { listeners: [{ path: ATTACHED_PATH }] } } };
}

/** Listens on all ports, or on none; or takes its paths of an application's server. */
export async function openPorts(
  listeners: readonly Listener[],
  reached: Reached,
  options: Pick<Config, "limits" | "trusted_proxies"> & { readonly app: AppServer | undefined },
): Promise<OpenPort[]> {
  const ports = portsOf(listeners);
  if (options.app) requireAttachable(ports);
  const open: OpenPort[] = [];
  try {
    for (const port of ports) open.push(await openPort(port, reached, options));
    return open;
  } catch (cause) {
    await Promise.all(open.map(({ listening }) => listening.close()));
    throw cause instanceof Error && "code" in cause ? cannotListen(cause) : cause;
  }
}

async function openPort(
  port: Port,
  reached: Reached,
  { limits, trusted_proxies, app }: Parameters<typeof openPorts>[2],
): Promise<OpenPort> {
  const entrances = port.listeners.map((listener) => entranceOf(listener, reached, app !== undefined));
  const { pool, logger, clock, visitors, door, answers } = reached;
  const edge = httpEdge({
    entrances,
    routes: app ? new Map() : reached.routes,
    pool,
    parts: { visitors, clock },
    frame_bytes: limits.frame_bytes,
    logger,
    answers,
    refused: (request, status) => door.refused(request, status),
  });
  const listening = await webSocketTransport({
    place: app ? attachment(app, port) : addressOf(port),
    limits,
    trusted_proxies,
    admit(upgrade) {
      const answer = admission(upgrade, entrances, reached);
      if (answer.kind === "refuse") door.refused(upgrade, answer.status);
      return answer;
    },
    answer: (request: PlainRequest) => edge(request),
  });
  return { port, listening, app };
}

function addressOf(port: Port): Address {
  return { host: port.host, port: port.port, tls: certificateOf(port) };
}

function attachment(server: AppServer, { listeners }: Port): Attachment {
  return { server, owns: (path) => listeners.some((listener) => isWithin(path, listener.path)) };
}

function entranceOf(
  { path, service, origins, require_origin, page }: Listener,
  { services }: Reached,
  attached: boolean,
): Entrance {
  const found = services.get(service);
  if (!found) throw new Error(`no service ${service}`);
  return { path, service: found, origins, require_origin, page, attached };
}

function admission(
  upgrade: Upgrade,
  entrances: readonly Entrance[],
  { visitors, isStopping }: Reached,
): Admission {
  const entrance = entranceAt(upgrade.path, entrances);
  if (!entrance) return notThere(upgrade.path);
  const refusal = refusedAt(entrance, upgrade);
  if (refusal) return refusal;
  if (isStopping()) return STOPPING;
  const { service } = entrance;
  const crowded = visitors.refusal(upgrade.address, service.authenticator.open);
  if (crowded) return { kind: "refuse", ...crowded };
  return { kind: "accept", receive: (connection) => service.accept(connection, upgrade.address) };
}

/** `ws://HOST:PORT/PATH` of each listener; none while an application's server does not listen. */
export function urlsOf({ port: { host, listeners }, listening, app }: OpenPort): string[] {
  if (app && !app.listening) return [];
  const isSecure = (tls: unknown) => (app ? app instanceof SecureServer : tls !== undefined);
  return listeners.map(
    ({ path, tls }) => `${isSecure(tls) ? "wss" : "ws"}://${bracketed(host)}:${listening.port}${path}`,
  );
}

function requireAttachable(ports: readonly Port[]): void {
  if (ports.length > 1)
    throw new ConfigError(
      "services: on a server of your own all listeners share its port; leave out host and port.",
    );
  const root = ports[0]?.listeners.find(({ path }) => path === "/");
  if (root)
    throw new ConfigError(
      `services.${root.service}.listeners: "/" would take every path of your own server; give it a path, such as ${ATTACHED_PATH}.`,
    );
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
