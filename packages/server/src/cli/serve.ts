import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Logger, pino } from "pino";
import { ConfigError } from "../config/config.ts";
import { loadConfig, type Overrides } from "../config/load.ts";
import { createServer, type Server } from "../server.ts";
import { exitCodes } from "./exit.ts";
import { located, report } from "./report.ts";
import { lastWords, stderrLog } from "./stderr.ts";

interface Flags extends Overrides {
  readonly config?: string;
}

/** A failed server gives its last answers this long to reach their sockets, in milliseconds. */
const LAST_ANSWERS_MS = 200;

/** Ctrl-C under npm comes twice, from the terminal and from npm: that soon it is the same signal. */
const ECHO_MS = 500;

export function define(command: Command): void {
  command
    .description("Run the server. Prints one line when it is ready; the log goes to stderr.")
    .addOption(new Option("--config <file>", "configuration, YAML").env("ROOMLOG_CONFIG"))
    .addOption(
      new Option("--host <address>", "address to listen on (default: 127.0.0.1)").env("ROOMLOG_HOST"),
    )
    .addOption(
      new Option("--port <number>", "port to listen on, 0 for a free one (default: 9010)")
        .env("ROOMLOG_PORT")
        .argParser(portNumber),
    )
    .addOption(
      new Option("--data <directory>", "where rooms and logs are kept (default: ./data)").env("ROOMLOG_DATA"),
    )
    .action(serve);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It is a whole number from 0 to 65535.");
}

async function serve({ config: file, ...overrides }: Flags): Promise<void> {
  try {
    const config = loadConfig(file, overrides);
    const logger = pino({ level: config.log_level, base: null }, stderrLog());
    const reread = () => {
      const next = loadConfig(file, overrides);
      logger.level = next.log_level;
      return next;
    };
    const server = await createServer(config, { logger, loadConfig: reread });
    reloadOnSignal(server, logger, file);
    if (server.open)
      logger.warn({}, "open mode: no users are configured, so everybody on this machine may do everything");
    logger.info({ urls: server.urls, data: config.data }, "ready");
    stopOnSignals(server, logger);
    exitOnFailure(server, logger);
    process.stdout.write(`roomlog ready ${server.urls.join(" ")}\n`);
  } catch (error) {
    exit(report(error, file));
  }
}

/** S4: SIGHUP reads the configuration anew; a wrong one changes nothing. */
function reloadOnSignal(server: Server, logger: Logger, file: string | undefined): void {
  process.on("SIGHUP", () => {
    server.reload().catch((cause: unknown) => {
      const why = cause instanceof ConfigError ? { error: located(cause, file) } : { err: cause };
      logger.error({ audit: "reload_failed", ...why }, "the configuration was not reloaded");
    });
  });
}

/** T5: the first signal stops in order, a second one at once. */
function stopOnSignals(server: Server, logger: Logger): void {
  let since: number | undefined;
  const stop = (signal: NodeJS.Signals, code: number) => {
    if (since !== undefined && performance.now() - since > ECHO_MS) exit(128 + code);
    if (since !== undefined) return;
    since = performance.now();
    logger.info({ signal }, "stopping");
    void server.close().then(() => {
      logger.info({}, "stopped");
      exit(exitCodes.ok);
    });
  };
  process.on("SIGINT", (signal) => stop(signal, 2));
  process.on("SIGTERM", (signal) => stop(signal, 15));
}

function exitOnFailure(server: Server, logger: Logger): void {
  void server.failed.then(async (cause) => {
    logger.error(
      { err: cause },
      "the store failed; nothing further is acknowledged. Free the disk or repair it, then start again",
    );
    await sleep(LAST_ANSWERS_MS);
    exit(exitCodes.storage);
  });
}

/** Ends the process once its last words have been read, or after a second; the first call says with which code. */
function exit(code: number): void {
  process.exitCode ??= code;
  void lastWords().then(() => process.exit());
}
