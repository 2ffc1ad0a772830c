import { setTimeout as sleep } from "node:timers/promises";
import { CallError, Connection, type ConnectionOptions, isRefusal } from "@roomlog/client";
import { type CommandData, type CommandName, type CommandResult, errorCodes } from "@roomlog/protocol";
import { memberText } from "../core/json-text.ts";
import { Failure } from "./failure.ts";
import { readPassword } from "./password.ts";
import { explained, loginRefused } from "./refusals.ts";
import { credentialsOf, type Target, urlOf, withStdinSecret } from "./target.ts";

/** A server that says nothing for so long while somebody connects or logs in is not there, in milliseconds. */
const CONNECT_MS = 20_000;

/** A command waits that long in all for a server that says "later" (Q4), in milliseconds. */
const PATIENCE_MS = 60_000;

/** A connection that has logged in. Errors of its calls are `Failure`s. */
export interface Session {
  /** With it the same user can log in again. */
  readonly target: Target;
  readonly connection: Connection;
  call<N extends CommandName>(name: N, data: CommandData<N>): Promise<CommandResult<N>>;
  /** The same as text: the JSON of `data`, and of the answer's data, as they stand on the wire (M7). */
  callText(name: CommandName, data: string): Promise<string>;
}

/** Runs a task with a session, which ends with it. */
export async function withSession<T>(target: Target, task: (session: Session) => Promise<T>): Promise<T> {
  const session = await logIn(target);
  try {
    return await task(session);
  } finally {
    await session.connection.close();
  }
}

/** A `Failure` says what to do when nothing answers, or the login is refused. At a terminal a password is asked for. */
export async function logIn(given: Target, options?: ConnectionOptions): Promise<Session> {
  const target = await withStdinSecret(given);
  const credentials = await credentialsOf(target);
  const url = urlOf(target);
  const connection = await connect(url, { ...options, signal: AbortSignal.timeout(CONNECT_MS) });
  const login = () =>
    connection.call("core/user/login", credentials, { signal: AbortSignal.timeout(CONNECT_MS) });
  try {
    await patiently(login);
  } catch (error) {
    connection.drop("not logged in");
    if ((error as Error).name === "TimeoutError")
      throw new Failure("unavailable", `${url} takes the connection, but does not answer`, { cause: error });
    if (!isRefusal(error, errorCodes.unauthorized)) throw explained(error, "core/user/login");
    if ("password" in credentials || "token" in credentials || !process.stdin.isTTY)
      throw loginRefused(credentials);
    return logIn({ ...target, password: await readPassword() }, options);
  }
  return sessionOn(connection, target);
}

async function connect(url: string, options?: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect(url, options);
  } catch (error) {
    const { whyUnreachable } = await import("./unreachable.ts");
    throw await whyUnreachable(url, error);
  }
}

function sessionOn(connection: Connection, target: Target): Session {
  const explaining = async <T>(name: CommandName, call: () => Promise<T>): Promise<T> => {
    try {
      return await patiently(call);
    } catch (error) {
      throw explained(error, name);
    }
  };
  return {
    target,
    connection,
    call: (name, data) => explaining(name, () => connection.call(name, data)),
    callText: (name, data) => explaining(name, () => connection.callText(name, data)).then(dataIn),
  };
}

/** The `data` of an answer's frame. */
export function dataIn(frame: string): string {
  return memberText(frame, "data") ?? "{}";
}

/** Calls again as long as the server says when that can succeed. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; ) {
    try {
      return await call();
    } catch (error) {
      const pause = error instanceof CallError ? error.data.retry_after_ms : undefined;
      if (pause === undefined || waited + pause > PATIENCE_MS) throw error;
      waited += pause;
      await sleep(pause);
    }
  }
}
