import type { Config } from "./config/config.ts";
import { certificateOf, listenersOf } from "./config/listeners.ts";
import { needsRestart } from "./config/restart.ts";
import type { Service } from "./core/service.ts";
import type { OpenPort } from "./ports.ts";
import { type SetupParts, setupsOf } from "./setups.ts";

interface ReloadsParts {
  /** The configuration as it is written now. Throws a `ConfigError`. */
  readonly read: () => Config;
  /** What is changed; there is none of it before the server has started. */
  readonly services: ReadonlyMap<string, Service>;
  readonly ports: () => readonly OpenPort[];
  readonly setups: Omit<SetupParts, "listeners">;
}

/** The configuration that the server goes by, which can be read anew while it runs (S4). */
export class Reloads {
  readonly #parts: ReloadsParts;
  readonly #started: Config;
  #config: Config;
  /** One at a time: each works on what the one before has left. */
  #last: Promise<readonly string[]> = Promise.resolve([]);

  constructor(started: Config, parts: ReloadsParts) {
    this.#started = started;
    this.#config = started;
    this.#parts = parts;
  }

  /** As it was read last. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Goes on with what is written now, all of it or nothing. Resolves with the settings that differ from those of the start and
   * need a restart; rejects with a `ConfigError`.
   */
  reload(): Promise<readonly string[]> {
    const change = () => this.#change();
    this.#last = this.#last.then(change, change);
    return this.#last;
  }

  async #change(): Promise<readonly string[]> {
    const { services, ports, setups: parts } = this.#parts;
    const next = this.#parts.read();
    // Also the listeners that stay: they are what others reach until a restart.
    const listeners = [...listenersOf(next), ...listenersOf(this.#started)];
    const setups = await setupsOf(next, { ...parts, listeners });
    const certificates = ports().map(({ port, listening }) => ({
      listening,
      certificate: certificateOf(port),
    }));
    for (const [name, service] of services) {
      const setup = setups.get(name);
      if (setup) await service.change(setup);
    }
    for (const { listening, certificate } of certificates) if (certificate) listening.renew(certificate);
    const restart_needed = needsRestart(this.#started, next);
    this.#config = next;
    parts.logger.info({ audit: "reload", restart_needed }, "configuration reloaded");
    return restart_needed;
  }
}
