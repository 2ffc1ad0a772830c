import {
  AuthenticatorBusy,
  type Credentials,
  type Grant,
  RequestError,
  Rights,
  type Service,
  type Session,
} from "../../core/plugin.ts";
import { isResumeToken, type Resume, resumed, resumeToken } from "./resume.ts";

/** Who wants to be let in, and with what. */
interface Applicant {
  readonly connection: Session;
  readonly credentials: Credentials;
  /** The session that he wants to have, or has. */
  readonly session_id: string | undefined;
}

/** A grant that holds now. */
export interface Admission {
  readonly grant: Grant;
  readonly rights: Rights;
  /** In milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/**
 * Asks those who decide about logins (L11). Throws 100030, after a delay (L3), when they refuse, 100050 when they
 * cannot decide now.
 */
export async function admit(service: Service, applicant: Applicant): Promise<Admission> {
  const reasons: string[] = [];
  const grant = await decide(service, applicant, (reason) => reasons.push(reason)).catch((error: unknown) => {
    if (!(error instanceof AuthenticatorBusy)) throw error;
    if (error.cause) service.logger.warn({ err: error }, "a login could not be decided");
    throw new RequestError(100050, { retry_after_ms: error.retry_after_ms });
  });
  const endsAt = grant ? endOf(grant, service) : 0;
  if (!grant || endsAt <= service.clock.monotonic()) {
    throw await applicant.connection.loginRefused(applicant.credentials.user, reasons);
  }
  const rights =
    service.rights.length === 0 ? Rights.of(grant.rights) : new Rights([...grant.rights, ...service.rights]);
  return { grant, rights, endsAt };
}

/** What a client learns about how long its login holds, and with what it can be resumed (L12, L13). */
export function terms(
  service: Service,
  grant: Grant,
  session_id: string,
): { readonly expires_in?: number; readonly resume?: Resume } {
  const { expires_at } = grant;
  const resume = resumeToken(service, grant, session_id);
  const now = service.clock.wall() / 1_000_000;
  return {
    ...(expires_at !== undefined && { expires_in: Math.floor(expires_at - now) }),
    ...(resume && { resume }),
  };
}

function decide(
  service: Service,
  { connection, credentials, session_id }: Applicant,
  why: (reason: string) => void,
): Promise<Grant | undefined> {
  const { authenticator, name, hooks } = service;
  return hooks.run("core.login", credentials, async (given) =>
    isResumeToken(given.token) && !authenticator.open
      ? resumed(service, given, session_id)
      : authenticator.authenticate(
          { ...given, service: name, remote: connection.remote, address: connection.address.name },
          why,
        ),
  );
}

function endOf({ expires_at }: Grant, { clock }: Service): number {
  if (expires_at === undefined) return Number.POSITIVE_INFINITY;
  return clock.monotonic() + expires_at * 1000 - clock.wall() / 1000;
}
