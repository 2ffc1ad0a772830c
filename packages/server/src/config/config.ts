import * as z from "zod";
import { isOrigin } from "../core/origins.ts";
import { isNetwork } from "../transport/proxies.ts";
import { authenticator, grantedRight, role, user } from "./authenticators.ts";

const port = z.int().min(0).max(65_535);
const seconds = z.number().positive().max(86_400);
const bytes = z.int().min(1024).max(1_073_741_824);
const count = z.int().min(1).max(1_000_000);

const tls = z.strictObject({
  cert: z.string().describe("File with the certificate chain, PEM; relative to the configuration file."),
  key: z.string().describe("File with the private key, PEM; relative to the configuration file."),
});

const listener = z.strictObject({
  host: z.string().min(1).optional().describe("Address; the server's `host` when left out."),
  port: port.optional().describe("Port; when left out the server's `port`, or 9011 with `tls`."),
  tls: tls.optional().describe("With it the listener speaks `wss`; listeners of one port share it."),
  path: z
    .string()
    .startsWith("/")
    .default("/")
    .describe("Path of the URL; `/` takes every path that nobody else claims (T2)."),
  origins: z
    .array(z.string().refine(isOrigin, "write it as browsers do: https://host or https://host:port"))
    .optional()
    .describe("Pages that may connect, each `scheme://host` or `scheme://host:port` (T7); none given: all."),
  require_origin: z
    .boolean()
    .default(false)
    .describe("Whether programs that are no page, and so send no Origin, are refused (T7)."),
  allow_plaintext: z
    .boolean()
    .default(false)
    .describe("Whether other machines may connect without encryption (T9)."),
  page: z
    .boolean()
    .default(true)
    .describe(
      "Whether a browser is answered with a page to look at rooms, and with the client as a file (H8).",
    ),
});

/** One service (S1). The settings of a plugin stand beside `plugins`, under its name. */
const service = z.looseObject({
  listeners: z
    .array(listener)
    .min(1)
    .prefault([{ path: "/" }])
    .describe("Where the service is reached."),
  plugins: z
    .array(z.string())
    .default(["core", "room", "msglog", "webhooks"])
    .describe("What the service can do, in order."),
  rights: z
    .array(grantedRight)
    .default([])
    .describe("What everybody who logs in to the service may do, beside his own rights (L11)."),
});

const amount = z.number().positive().max(1_000_000_000_000);

/** How much may be received in a second, and at once after a rest (Q2). */
const rate = (requests: number, bytes: number, whose: string) =>
  z
    .strictObject({
      requests: amount.default(requests).describe(`Requests a second ${whose} (Q2).`),
      requests_burst: amount
        .default(4 * requests)
        .describe("How many of them may come at once after a rest."),
      bytes: amount.default(bytes).describe(`Bytes a second ${whose} (Q2).`),
      bytes_burst: amount.default(4 * bytes).describe("How many of them may come at once after a rest."),
    })
    .prefault({});

const rates = z.strictObject({
  login: rate(5, 65_536, "of a connection before login"),
  connection: rate(50, 1_048_576, "of a connection"),
  user: rate(200, 4_194_304, "of all sessions of a user"),
  address: rate(1000, 16_777_216, "of all connections of an IPv4 address or an IPv6 /64"),
});

const limits = z.strictObject({
  frame_bytes: bytes.default(1_048_576).describe("Largest frame that is received (T3: 1009)."),
  fragments: count.default(64).describe("Most fragments of one frame (T3: 1008)."),
  frame_values: count
    .default(65_536)
    .describe("Most values of one frame, one with a name counting as four (F11: 4500)."),
  requests_in_flight: count
    .default(256)
    .describe("Unanswered requests of a connection before the server stops reading."),
  rates: rates.prefault({}).describe("How much may be received in a second (Q2)."),
  rate_refusals: count
    .default(1000)
    .describe(
      "How much more often a connection may be refused for a rate than served before it is closed (Q3: 4003).",
    ),
  connections: count.default(10_000).describe("Most connections of the server (Q5: 503)."),
  handshakes_per_address: count
    .default(100)
    .describe("Most connections from one address that have not logged in yet (Q5: 429)."),
  sessions_per_user: count.default(20).describe("Most sessions of a user in a service (Q6)."),
  http_sessions: count
    .default(4)
    .describe("Sessions that HTTP requests with the same credentials from one address share (H2)."),
  session_queue_bytes: bytes
    .default(1_048_576)
    .describe("Bytes that may wait for a connection's socket (M11)."),
  window: count
    .default(256)
    .describe("Events a connection may leave unanswered before it is sent no more (M11)."),
  stalled_seconds: seconds
    .default(30)
    .describe("Time without a byte taken by a socket for which bytes wait, before it is closed (M11)."),
  subscriptions: count.default(1024).describe("Most subscriptions of a connection (E2)."),
  field_bytes: bytes.default(16_384).describe("Largest `meta`, `body` or status of a request (F10)."),
  answer_seconds: seconds.default(5).describe("Time to answer a request of the server (F8)."),
  extended_answer_seconds: seconds.default(180).describe("Time to answer it after an ack (F8)."),
  acks: count.default(10).describe("Acks of one request that extend it (F8)."),
  idle_seconds: seconds.default(180).describe("Time without any frame before a connection is closed (T4)."),
  ping_seconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(60)
    .describe("Time between the server's pings; 0 switches them off (F9)."),
  login_seconds: seconds.default(10).describe("Time to log in (L3)."),
  login_frame_bytes: bytes.default(131_072).describe("Largest frame before login (L9: 1009)."),
  login_failures: count.default(8).describe("Refused logins before the connection is closed (L3)."),
  holder_answer_seconds: seconds.default(2).describe("Time to show that a session id is still in use (L4)."),
  resume_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe("Time in which a session can be resumed without its credentials; 0 switches that off (L13)."),
  drain_seconds: seconds.default(10).describe("Time for running requests when the server stops (T5)."),
  drain_sessions: count.default(500).describe("Sessions closed at once when the server stops (T5)."),
  drain_pause_ms: z
    .int()
    .min(0)
    .max(60_000)
    .default(50)
    .describe("Pause between these batches, in milliseconds (T5)."),
});

const store = z.strictObject({
  kind: z.enum(["sqlite", "memory"]).default("sqlite").describe("`memory` keeps nothing: for trials."),
  batch_writes: count.default(1024).describe("Most writes in one commit."),
  min_free_bytes: z
    .int()
    .min(0)
    .default(67_108_864)
    .describe("With less free space on the disk of the data, sends are refused; 0 never refuses (Q9)."),
  batch_bytes: bytes.default(4_194_304).describe("Most bytes of messages in one commit."),
});

/** The whole configuration: types, defaults and documentation in one place. */
export const configSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on."),
  port: port.default(9010).describe("Port to listen on; 0 takes a free one (T1)."),
  trusted_proxies: z
    .array(z.string().refine(isNetwork, "an address, or a network such as 10.0.0.0/8"))
    .default([])
    .describe(
      "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks (T8).",
    ),
  data: z
    .string()
    .min(1)
    .default("./data")
    .describe("Directory of the rooms and their logs; relative to the working directory."),
  log_level: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .describe("Least important log line that is written."),
  store: store.prefault({}).describe("How rooms and logs are kept."),
  limits: limits.prefault({}).describe("What bounds each connection."),
  metrics: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether there is `/metrics` (O3)."),
      token: z
        .string()
        .min(16, "at least 16 characters, as `openssl rand -hex 32` makes them")
        .optional()
        .describe(
          "Who sends it as a bearer token gets them, from anywhere; without it only programs on this machine (O3).",
        ),
    })
    .prefault({})
    .describe("Numbers for Prometheus."),
  users: z
    .array(user)
    .default([])
    .describe(
      "Who may log in, beside those that `roomlog user add` keeps in the data directory. Without any user or authenticator the server runs open (L7).",
    ),
  roles: z.record(z.string().min(1), role).default({}).describe("Sets of rights for users, by name."),
  authenticators: z
    .array(authenticator)
    .min(1, "name one, such as {kind: users}; without this setting users are asked when there are any")
    .optional()
    .describe("Who decides about logins, in the order in which they are asked (L11); by default `users`."),
  services: z
    .record(z.string().min(1), service)
    .refine((services) => Object.keys(services).length > 0, "at least one service is needed")
    .prefault({ main: {} })
    .describe("The services by name."),
});

export type Config = z.infer<typeof configSchema>;
/** The configuration as it may be written: everything has a default. */
export type ConfigInput = z.input<typeof configSchema>;
export type ServiceConfig = Config["services"][string];

/** A configuration that cannot be used. The message names the setting and what it may be. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConfigError";
  }
}
