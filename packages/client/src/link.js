import { closeCodes } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import { comesAgain, delay } from "./again.ts";
import { CallError, Connection, ConnectionLost, VANISHED } from "./connection.ts";
import { ClientClosed } from "./errors.ts";
import { Gate } from "./gate.ts";
import { Login } from "./login.ts";
import { watch } from "./watch.ts";

/** The server has so long to answer a close. */
const FAREWELL_MS = 1000;
/** A logged-in connection, made anew whenever it is lost, until it is closed or refused for good. */
export class Link {
  /** Open while there is a connection that is logged in. */
  gate = new Gate();
  #url;
  #settings;
  #hooks;
  #login;
  #state = { kind: "connecting" };
  #attempt = 0;
  #wasOpen = false;
  /** Gives up what is being connected. */
  #abandon = () => {};
  #connection;
  /** Ends the waiting for the next try. */
  #hurry = () => {};
  #ended;
  constructor(url, settings, hooks) {
    this.#url = url;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#login = new Login(settings);
  }
  get state() {
    return this.#state;
  }
  /** The connection that is logged in. */
  get connection() {
    return this.#connection;
  }
  /** Begins; resolves when it has ended for good. */
  run() {
    const { network } = this.#settings;
    const tryNow = () => this.#hurry();
    network?.addEventListener("online", tryNow);
    this.#ended ??= this.#live()
      .then(
        () => this.#finish(),
        (reason) => this.#finish(reason),
      )
      .finally(() => network?.removeEventListener("online", tryNow));
    return this.#ended;
  }
  async close() {
    this.#become({ kind: "closed" });
    this.#abandon(new ClientClosed());
    this.#hurry();
    const connection = this.#connection;
    const stop = this.#settings.timers.after(FAREWELL_MS, () => connection?.drop("closed"));
    await Promise.all([connection?.close(), this.#ended]);
    stop();
  }
  get #isClosed() {
    return this.#state.kind === "closed";
  }
  async #live() {
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
  async #round() {
    this.#become({ kind: "connecting" });
    try {
      const connection = await this.#open();
      return new ConnectionLost(await connection.closed);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error), { cause: error });
    }
  }
  async #open() {
    // A listener may have closed it when it was told.
    if (this.#isClosed) throw new ClientClosed();
    const { timers, connect_ms, silent_ms } = this.#settings;
    const patience = new AbortController();
    this.#abandon = (reason) => patience.abort(reason);
    const late = new ConnectionLost({ code: VANISHED, reason: "the server does not answer" });
    const stop = timers.after(connect_ms, () => patience.abort(late));
    let unwatch = () => {};
    const onClosed = (how) => {
      unwatch();
      this.#lost(how);
    };
    let connection;
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
  #opened(connection, session_id) {
    this.#connection = connection;
    this.#attempt = 0;
    this.#wasOpen = true;
    this.#become({ kind: "open", session_id });
    this.gate.open(connection);
    this.#hooks.onOpen(connection);
  }
  #lost({ code }) {
    if (code === closeCodes.token_expired) this.#login.forget();
    this.#login.lost();
    this.#connection = undefined;
    this.gate.shut();
    this.#hooks.onLost();
  }
  #wait(reason) {
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
  #finish(reason) {
    const closed = new ClientClosed(reason);
    this.gate.wallUp(closed);
    if (reason) this.#become({ kind: "closed", reason });
    this.#hooks.onClosed(closed);
  }
  #become(state) {
    if (this.#isClosed) return;
    this.#state = state;
    this.#hooks.onState(state);
  }
}
//# sourceMappingURL=link.js.map
