import type { closeCodes, EventData } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import { comesAgain, delay } from "./again.ts";
import { CallError, type Closed, Connection, ConnectionLost, VANISHED } from "./connection.ts";
import { ClientClosed } from "./errors.ts";
import { Gate } from "./gate.ts";
import { Login } from "./login.ts";
import type { Settings } from "./options.ts";
import type { ClientState } from "./state.ts";
import { watch } from "./watch.ts";

/** What the link tells. */
export interface LinkHooks {
  readonly onState: (state: ClientState) => void;
  readonly onEvent: (event: EventData) => void;
  /** A connection is logged in. */
  readonly onOpen: (connection: Connection) => void;
  readonly onLost: () => void;
  readonly onClosed: (reason: ClientClosed) => void;
}

/** The login has come to its end (L12). */
const TOKEN_EXPIRED: (typeof closeCodes)["token_expired"] = 4005;
/** The server has so long to answer a close. */
const FAREWELL_MS = 1000;

/** A logged-in connection, made anew whenever it is lost, until it is closed or refused for good. */
export class Link {
  /** Open while there is a connection that is logged in. */
  readonly gate = new Gate<Connection>();
  readonly #url: string;
  readonly #settings: Settings;
  readonly #hooks: LinkHooks;
  readonly #login: Login;
  #state: ClientState = { kind: "connecting" };
  #attempt = 0;
  #wasOpen = false;
  /** Gives up what is being connected. */
  #abandon: (reason: Error) => void = () => {};
  #connection: Connection | undefined;
  /** Ends the waiting for the next try. */
  #hurry: () => void = () => {};
  #ended: Promise<void> | undefined;

  constructor(url: string, settings: Settings, hooks: LinkHooks) {
    this.#url = url;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#login = new Login(settings);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The connection that is logged in. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Begins; resolves when it has ended for good. */
  run(): Promise<void> {
    const { network } = this.#settings;
    const tryNow = () => this.#hurry();
    network?.addEventListener("online", tryNow);
    this.#ended ??= this.#live()
      .then(
        () => this.#finish(),
        (reason: Error) => this.#finish(reason),
      )
      .finally(() => network?.removeEventListener("online", tryNow));
    return this.#ended;
  }

  async close(): Promise<void> {
    this.#become({ kind: "closed" });
    this.#abandon(new ClientClosed());
    this.#hurry();
    const connection = this.#connection;
    const stop = this.#settings.timers.after(FAREWELL_MS, () => connection?.drop("closed"));
    await Promise.all([connection?.close(), this.#ended]);
    stop();
  }

  get #isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  async #live(): Promise<void> {
    while (!this.#isClosed) {
      const error = await this.#round();
      if (this.#isClosed) return;
      // What a token source throws after the first login is as temporary as a lost connection.
      const isRefused = error instanceof ConnectionLost || error instanceof CallError || !this.#wasOpen;
      if (isRefused && !comesAgain(error)) throw error;
      await this.#wait(error);
    }
  }

  /** One connection, from its beginning to its end. Resolves with what ended it. */
  async #round(): Promise<Error> {
    this.#become({ kind: "connecting" });
    try {
      const connection = await this.#open();
      return new ConnectionLost(await connection.closed);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error), { cause: error });
    }
  }

  async #open(): Promise<Connection> {
    // A listener may have closed it when it was told.
    if (this.#isClosed) throw new ClientClosed();
    const { timers, connect_ms, silent_ms } = this.#settings;
    const patience = new AbortController();
    this.#abandon = (reason) => patience.abort(reason);
    const late = new ConnectionLost({ code: VANISHED, reason: "the server does not answer" });
    const stop = timers.after(connect_ms, () => patience.abort(late));
    let unwatch = () => {};
    const onClosed = (how: Closed) => {
      unwatch();
      this.#lost(how);
    };
    let connection: Connection | undefined;
    try {
      const { signal } = patience;
      connection = await Connection.connect(this.#url, { onEvent: this.#hooks.onEvent, onClosed, signal });
      const session_id = await abortable(this.#login.login(connection), signal);
      if (connection.ended) throw new ConnectionLost(connection.ended);
      if (this.#isClosed) throw new ClientClosed();
      unwatch = watch(connection, timers, silent_ms);
      this.#opened(connection, session_id);
      return connection;
    } catch (error) {
      connection?.drop("not logged in");
      throw error;
    } finally {
      stop();
    }
  }

  #opened(connection: Connection, session_id: string): void {
    this.#connection = connection;
    this.#attempt = 0;
    this.#wasOpen = true;
    this.#become({ kind: "open", session_id });
    this.gate.open(connection);
    this.#hooks.onOpen(connection);
  }

  #lost({ code }: Closed): void {
    if (code === TOKEN_EXPIRED) this.#login.forget();
    this.#login.lost();
    this.#connection = undefined;
    this.gate.shut();
    this.#hooks.onLost();
  }

  #wait(reason: Error): Promise<void> {
    const retry_in_ms = delay(reason, this.#attempt++, this.#settings);
    return new Promise((resolve) => {
      const stop = this.#settings.timers.after(retry_in_ms, resolve);
      this.#hurry = () => {
        stop();
        resolve();
      };
      this.#become({ kind: "waiting", retry_in_ms, reason });
    });
  }

  #finish(reason?: Error): void {
    const closed = new ClientClosed(reason);
    this.gate.wallUp(closed);
    if (reason) this.#become({ kind: "closed", reason });
    this.#hooks.onClosed(closed);
  }

  #become(state: ClientState): void {
    if (this.#isClosed) return;
    this.#state = state;
    this.#hooks.onState(state);
  }
}
