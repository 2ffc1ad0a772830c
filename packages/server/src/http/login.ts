import { type CommandResult, type ErrorData, errorCodes } from "@roomlog/protocol";
import type { Service } from "../core/service.ts";
import type { Visitors } from "../core/visitors.ts";
import { failed, HttpError } from "./answers.ts";
import { CHALLENGE, type Credentials } from "./credentials.ts";
import { LocalClient, type OnEvent, type Origin, SessionEnded } from "./local-client.ts";

export interface LogInParts {
  readonly visitors: Visitors;
}

/** Who asks. */
export interface Caller extends Origin {
  readonly service: Service;
  readonly credentials: Credentials;
}

/** A new session, logged in. Throws a `HttpError`: 401 after the delay of L3, 429 and 503 as for an upgrade (Q5). */
export async function logIn(
  { service, credentials, ...origin }: Caller,
  { visitors }: LogInParts,
  onEvent?: OnEvent,
): Promise<LocalClient> {
  const crowded = visitors.refusal(origin.address, service.authenticator.open);
  if (crowded)
    throw new HttpError(crowded.status, { error: crowded.text, retry_after_ms: crowded.retry_after * 1000 });
  const client = new LocalClient(service, origin, onEvent);
  try {
    const { result, data = "{}" } = await client.call("core/user/login", JSON.stringify(credentials));
    if (result === "error") throw refused(JSON.parse(data) as ErrorData);
    client.resumeToken = resumeIn(data);
    return client;
  } catch (error) {
    client.end();
    throw error;
  }
}

/** Whether what logged a client in is still good; when nobody can say so now, it is. */
export async function isRenewed(client: LocalClient): Promise<boolean> {
  if (client.resumeToken === undefined) return true;
  try {
    const token = JSON.stringify({ token: client.resumeToken });
    const { result, data = "{}" } = await client.call("core/user/refresh", token);
    if (result === "ok") client.resumeToken = resumeIn(data);
    else return (JSON.parse(data) as ErrorData).code !== errorCodes.unauthorized;
    return true;
  } catch (error) {
    if (error instanceof SessionEnded) return false;
    throw error;
  }
}

function resumeIn(terms: string): string | undefined {
  const { resume } = JSON.parse(terms) as CommandResult<"core/user/refresh">;
  return resume?.token;
}

/** Before there is a session 100030 means that the credentials are wrong. */
function refused(data: ErrorData): HttpError {
  return data.code === errorCodes.unauthorized ? unauthorized(data) : failed(data);
}

export function unauthorized(data: ErrorData): HttpError {
  return new HttpError(401, data, { "www-authenticate": CHALLENGE });
}
