import type { HttpBindings } from "@hono/node-server";
import { type CommandName, type ErrorData, errorCodes, errorText } from "@roomlog/protocol";
import { commands } from "@roomlog/protocol/commands";
import type { Context } from "hono";
import type { PlainRequest } from "../transport/transport.ts";
import { type ErrorBody, failed, HttpError } from "./answers.ts";
import { jsonObject } from "./body.ts";
import { type Credentials, credentialsIn } from "./credentials.ts";
import type { Way } from "./entrances.ts";
import type { Answer, LocalClient } from "./local-client.ts";
import { type Caller, unauthorized } from "./login.ts";
import type { Pool, PoolParts } from "./pool.ts";

/** What all requests of a port share. */
export interface Shared {
  readonly pool: Pool;
  readonly parts: PoolParts;
  /** Longest body (T3). */
  readonly frame_bytes: number;
}

/** What a handler is given beside the request. */
export interface Bindings extends HttpBindings, Shared {
  readonly request: PlainRequest;
  readonly way: Way;
}

export type Ctx = Context<{ Bindings: Bindings }>;

/** Who asks, and where (H2). Throws a `HttpError` 401 when he does not say it. */
export function callerOf({ env }: Ctx): Caller {
  const { service } = env.way.entrance;
  const { request } = env;
  return { service, address: request.address, remote: remoteOf(request), credentials: credentialsOf(env) };
}

/** A session serves many connections of its address, so their ports say nothing. */
function remoteOf({ secure, address }: PlainRequest): string {
  return `${secure ? "https" : "http"}:${address}`;
}

function credentialsOf({ way, incoming }: Bindings): Credentials {
  const found = credentialsIn(incoming.headers.authorization, way.entrance.service.authenticator.open);
  if (found) return found;
  const code = errorCodes.not_authenticated;
  throw unauthorized({ code, error: errorText(code) });
}

/** The body of a request as the text of a JSON object; a stranger's is not read. Throws a `HttpError`. */
export async function bodyOf(c: Ctx): Promise<string> {
  await c.env.pool.know(callerOf(c));
  const { incoming, frame_bytes, way } = c.env;
  const { frame_values } = way.entrance.service.limits;
  return jsonObject(incoming, { frame_bytes, frame_values });
}

/**
 * The answer to a command, by a session that is logged in already and is given back when it has answered and the response
 * has been taken: so a client that does not read, or goes before he is answered, holds up nobody but himself.
 */
export async function askPooled(c: Ctx, ask: (client: LocalClient) => Promise<Answer>): Promise<Answer> {
  const lease = await c.env.pool.lease(callerOf(c));
  const { outgoing } = c.env;
  if (outgoing.closed) {
    lease.giveBack();
    throw new HttpError(400, { error: "Who asked has gone." });
  }
  try {
    return await ask(lease.client);
  } finally {
    if (outgoing.closed) lease.giveBack();
    else outgoing.once("close", lease.giveBack);
  }
}

/** What a command was asked. */
export interface Asked {
  readonly name: CommandName;
  readonly data: object;
}

/** The result of a command as JSON. Throws a `HttpError` when it is an error, with what is wrong in what was asked. */
export function resultOf({ result, data = "{}" }: Answer, asked: Asked): string {
  if (result === "ok") return data;
  const error = JSON.parse(data) as ErrorData;
  const reason = error.reason ?? reasonOf(error, asked);
  throw failed({ ...error, ...(reason !== undefined && { reason }) });
}

function reasonOf({ code, field }: ErrorData, { name, data }: Asked): string | undefined {
  if (code !== errorCodes.syntax_error) return undefined;
  const issues = commands[name].data.safeParse(data).error?.issues ?? [];
  return issues.find(({ path }) => String(path[0]) === field)?.message;
}

/** JSON that is answered. */
export function json(c: Ctx, text: string, { status = 200, headers = {} }: Extra = {}): Response {
  return c.body(text, status as 200, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...headers,
  });
}

interface Extra {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function errorJson(c: Ctx, { status, body, headers }: HttpError): Response {
  return json(c, JSON.stringify(body satisfies ErrorBody), { status, headers });
}
