import { createHmac, timingSafeEqual } from "node:crypto";
import type { Credentials, Grant, Service } from "../../core/plugin.ts";

/** With what a session can be resumed, and for how many seconds (L13). */
export interface Resume {
  readonly token: string;
  readonly expires_in: number;
}

/** A session can be resumed for so long after its login, in seconds; then its credentials are asked for again. */
const RESUMES_FOR = 86_400;

/** How a resume token begins; no other token does. */
const PREFIX = "rlr1.";

/** What a resume token says. The grant is the one of its login, with the session's own id. */
interface Ticket {
  readonly service: string;
  /** Seconds since 1970. */
  readonly until: number;
  /** When it was given, and when the session logged in, in seconds since 1970. */
  readonly given: number;
  readonly begun: number;
  readonly grant: Grant & { readonly session_id: string };
}

export function isResumeToken(token: string | undefined): token is string {
  return token?.startsWith(PREFIX) ?? false;
}

/**
 * A token for what an authenticator has granted; it never outlives the grant. Undefined when there is nothing to be
 * resumed (in open mode, for what a plugin has decided), when it is switched off, or when the token would be longer
 * than a field may be (F10).
 */
export function resumeToken(
  { name: service, limits, clock, secret }: Service,
  grant: Grant,
  session_id: string,
): Resume | undefined {
  if (grant.by === undefined || limits.resume_seconds === 0) return undefined;
  const now = Math.floor(clock.wall() / 1_000_000);
  const { resumes: begun = now } = grant;
  const ends = [
    now + limits.resume_seconds,
    begun + RESUMES_FOR,
    grant.expires_at ?? Number.POSITIVE_INFINITY,
  ];
  const until = Math.floor(Math.min(...ends));
  if (until <= now) return undefined;
  const ticket: Ticket = {
    service,
    until,
    given: clock.wall() / 1_000_000,
    begun,
    grant: { ...grant, session_id },
  };
  const text = PREFIX + Buffer.from(JSON.stringify(ticket)).toString("base64url");
  const token = `${text}.${macOf(text, secret).toString("base64url")}`;
  return token.length > limits.field_bytes ? undefined : { token, expires_in: until - now };
}

/** The grant of a resume token as it is worth now; undefined when the token is not good for this session. */
export async function resumed(
  { name, authenticator, clock, secret, limits, sessions }: Service,
  { token, user }: Credentials,
  session_id: string | undefined,
): Promise<Grant | undefined> {
  const ticket = limits.resume_seconds > 0 ? open(token ?? "", secret) : undefined;
  if (ticket?.service !== name || ticket.until * 1_000_000 <= clock.wall()) return undefined;
  const { grant, given, begun } = ticket;
  if ((sessions.stopped.at(grant.session_id) ?? 0) >= given) return undefined;
  if ((user ?? grant.user_id) !== grant.user_id || session_id !== grant.session_id) return undefined;
  const renewed = await authenticator.renew(grant);
  return renewed && { ...renewed, resumes: begun };
}

/** What only this server can have written. */
function open(token: string, secret: Buffer): Ticket | undefined {
  const end = token.lastIndexOf(".");
  const text = token.slice(0, end);
  const mac = Buffer.from(token.slice(end + 1), "base64url");
  const expected = macOf(text, secret);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
  return JSON.parse(Buffer.from(text.slice(PREFIX.length), "base64url").toString()) as Ticket;
}

function macOf(text: string, secret: Buffer): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}
