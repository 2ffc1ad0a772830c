import { errorCodes } from "@roomlog/protocol";
import { CallError, isRefusal } from "./connection.ts";

/** The part of its time after which a login is refreshed. */
const DUE = 0.75;
/** Who logs in, and what is remembered of the last login to make the next one cheap (L13). */
export class Login {
  #settings;
  #session_id;
  #resume;
  #stop = () => {};
  constructor(settings) {
    this.#settings = settings;
    this.#session_id = settings.session_id;
  }
  /** Logs the connection in and gives back its session id. */
  async login(connection) {
    const { session_id, ...terms } = await this.#admitted(connection);
    this.#session_id = session_id;
    this.#keep(connection, terms);
    return session_id;
  }
  /** The connection has ended. */
  lost() {
    this.#stop();
  }
  /** What was remembered is not good any more (4005: its end has come). */
  forget() {
    this.#resume = undefined;
  }
  async #admitted(connection) {
    const { user, password, meta, token } = this.#settings;
    if (this.#resume !== undefined) {
      const resumed = await this.#resumed(connection, this.#resume);
      if (resumed) return resumed;
    }
    const given = { user, password, meta, token: await tokenOf(token), session_id: this.#session_id };
    return connection.call("core/user/login", given).catch((error) => {
      // An id that the server gave can be given up, one that was asked for cannot.
      if (
        isRefusal(error, errorCodes.duplicated_session_id) &&
        this.#session_id !== this.#settings.session_id
      ) {
        this.#session_id = undefined;
        throw new CallError({ code: errorCodes.too_many_requests, error: "the session id was still in use" });
      }
      throw error;
    });
  }
  /** Undefined when the token is refused: then the credentials are needed. */
  async #resumed(connection, token) {
    try {
      return await connection.call("core/user/login", { token, session_id: this.#session_id });
    } catch (error) {
      if (!isRefusal(error, errorCodes.unauthorized)) throw error;
      this.#resume = undefined;
      return undefined;
    }
  }
  /** Refreshes in time (L12): with a new token when it is the login that ends, else with the resume token, for another one. */
  #keep(connection, { resume, expires_in = Number.POSITIVE_INFINITY }) {
    const { token: source, timers } = this.#settings;
    this.#resume = resume?.token;
    this.#stop();
    if (connection.ended) return;
    const asks = typeof source === "function" && expires_in <= (resume?.expires_in ?? expires_in);
    const seconds = asks ? expires_in : resume?.expires_in;
    if (seconds === undefined || !Number.isFinite(seconds)) return;
    const renew = async () => {
      const token = asks ? await source() : resume?.token;
      this.#keep(connection, await connection.call("core/user/refresh", { token }));
    };
    // Refused or not, the connection lives until it is closed with 4005, and the next login has the credentials.
    this.#stop = timers.after(seconds * 1000 * DUE, () => void renew().catch(() => {}));
  }
}
function tokenOf(source) {
  return typeof source === "function" ? source() : source;
}
//# sourceMappingURL=login.js.map
