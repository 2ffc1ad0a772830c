import { X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import type { Config } from "../../config/config.ts";
import { certificateOf, type Listener, listenersOf, type Port, portsOf } from "../../config/listeners.ts";
import { hasUsers } from "../../config/users.ts";
import { isLoopback } from "../../core/loopback.ts";
import { settings as msglogSettings } from "../../services/msglog/settings.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("config");

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Who may come in, and whether what he says can be read on the way. */
export function access(config: Config, now = Date.now()): Finding[] {
  const listeners = listenersOf(config);
  return [
    whoMayLogIn(config),
    ...plaintext(listeners),
    ...portsOf(listeners).flatMap((port) => certificate(port, now)),
  ];
}

function whoMayLogIn(config: Config): Finding {
  if (config.authenticators || hasUsers(config)) return ok("login", "needed");
  return warn(
    "login",
    "open mode: everybody on this machine may do everything",
    "for more than a trial add users: roomlog user add NAME, or authenticators in the configuration",
  );
}

function plaintext(listeners: readonly Listener[]): Finding[] {
  const open = listeners.filter(({ host, tls }) => !(tls || isLoopback(host)));
  return open.map(({ host, port, path }) =>
    warn(
      "encryption",
      `${host}:${port}${path} takes passwords and messages in clear`,
      "give the listener tls, unless a proxy encrypts and nobody else can reach it",
    ),
  );
}

function certificate(port: Port, now: number): Finding[] {
  const found = certificateOf(port);
  if (!found) return [];
  const { validToDate } = new X509Certificate(found.cert);
  const days = Math.floor((validToDate.getTime() - now) / DAY_MS);
  const name = `certificate of port ${port.port}`;
  const until = `valid until ${validToDate.toISOString().slice(0, 10)}`;
  if (days < 0) return [fail(name, until, "clients refuse it: renew it, then SIGHUP")];
  if (days < SOON_DAYS) return [warn(name, until, "renew it, then SIGHUP")];
  return [ok(name, until)];
}

/** `isRunning`: a server has the data, so it may well have the ports. */
export async function ports(config: Config, isRunning: boolean): Promise<Finding[]> {
  return await Promise.all(
    portsOf(listenersOf(config)).map(async ({ host, port }) => {
      const what = `port ${port}`;
      const code = await faultOfPort(host, port);
      if (code === undefined) return ok(what, `free on ${host}`);
      if (code === "EADDRINUSE" && isRunning) return ok(what, `taken on ${host}, as by the server that runs`);
      const advice =
        code === "EADDRINUSE"
          ? `another program has it (ss -ltnp shows which); choose another port`
          : "choose another host or port";
      return fail(what, `cannot be listened on at ${host}: ${code}`, advice);
    }),
  );
}

function faultOfPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}

/** Limits of which one makes another pointless. */
export function limits(config: Config): Finding[] {
  const found = contradictionsOf(config);
  if (found.length === 0) return [ok("limits", "they fit together")];
  return found.map(([what, advice]) => warn("limits", what, advice));
}

type Contradiction = readonly [what: string, advice: string];

function contradictionsOf({ limits, services }: Config): Contradiction[] {
  const { rates } = limits;
  const rules: readonly (readonly [boolean, ...Contradiction])[] = [
    [
      limits.ping_seconds >= limits.idle_seconds,
      `limits.ping_seconds (${limits.ping_seconds}) is not below limits.idle_seconds (${limits.idle_seconds})`,
      "clients that have nothing to say are closed: ping them at least twice as often",
    ],
    [
      limits.ping_seconds === 0,
      "limits.ping_seconds is 0: a client that is gone without a word is noticed late",
      "leave it at 60, unless the clients ping",
    ],
    [
      limits.login_frame_bytes > limits.frame_bytes,
      "limits.login_frame_bytes is over limits.frame_bytes",
      "it counts for nothing: lower it",
    ],
    [
      rates.user.requests < rates.connection.requests,
      "limits.rates.user.requests is below limits.rates.connection.requests",
      "one connection can use up what its user has: raise the user's",
    ],
    [
      rates.address.requests < rates.user.requests,
      "limits.rates.address.requests is below limits.rates.user.requests",
      "one user can use up what his address has: raise the address's",
    ],
  ];
  const general = rules.filter(([isSo]) => isSo).map(([, what, advice]): Contradiction => [what, advice]);
  const ofServices = Object.entries(services).flatMap(([name, service]) => ofMessages(name, service, limits));
  return [...general, ...ofServices];
}

function ofMessages(
  name: string,
  service: Config["services"][string],
  { frame_bytes, session_queue_bytes }: Config["limits"],
): Contradiction[] {
  if (!service.plugins.includes("msglog")) return [];
  const { max_message_bytes, max_get_bytes } = msglogSettings.parse(service.msglog ?? {});
  const setting = `services.${name}.msglog.max_message_bytes (${max_message_bytes})`;
  const over = (isSo: boolean, limit: string, advice: string): Contradiction[] =>
    isSo ? [[`${setting} is over ${limit}`, advice]] : [];
  return [
    ...over(
      max_message_bytes >= frame_bytes,
      "limits.frame_bytes",
      "no such message arrives: raise frame_bytes",
    ),
    ...over(
      max_message_bytes > session_queue_bytes,
      "limits.session_queue_bytes",
      "such a message waits for an empty socket: raise session_queue_bytes",
    ),
    ...over(max_message_bytes > max_get_bytes, "msglog.max_get_bytes", "raise max_get_bytes"),
  ];
}
