import type { Ended, Upgrade } from "../transport/transport.ts";
import type { Clock } from "./clock.ts";
import { count } from "./counts.ts";
import type { RequestError } from "./errors.ts";
import type { Logger } from "./logger.ts";

/** Whom a line is about. Before login there is only `remote`. */
export interface Who {
  readonly remote: string;
  readonly user: string | undefined;
  readonly session: string | undefined;
}

/** A request that was answered with an error. */
export interface Failed {
  readonly error: RequestError;
  readonly command: string;
  readonly room_id: string | undefined;
}

export interface AuditParts {
  readonly service: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Lines about the requests of one connection, and about connections that are not taken, in a second. */
const LINES_A_SECOND = 10;

/** Errors that say that a limit was reached even when they do not name it. */
const LIMITS: ReadonlySet<number> = new Set([100050, 304101, 304102, 304103]);

/** The longest text of a client's own choice in a line, in characters. */
const MAX_TEXT = 128;

/** Who does what to a service, one line each (docs/operations.md). No line has a password, a token or a message. */
export class Audit {
  readonly #parts: AuditParts;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  login(who: Who): void {
    this.#line("login", who, "logged in");
  }

  /** `user` is what was claimed, `reasons` are those of the authenticators. */
  loginRefused(who: Who, user: string | undefined, reasons: readonly string[]): void {
    this.#line("login_refused", { ...who, user, reasons }, "a login was refused");
  }

  /** An act that changes what others have or may do, once it is done. */
  admin(who: Who, command: string, fields: object): void {
    this.#line("admin", { ...who, command, data: fields }, "done");
  }

  /** Says that a command was refused, or that a limit was reached: each limit once for a connection. */
  failed(who: Who, { error, command, room_id }: Failed, told: Told): void {
    if (error.code === 100030) {
      const omitted = told.lines.take(this.#parts.clock.monotonic());
      if (omitted === undefined) return;
      const { right } = error.details;
      const fields = { ...who, command, right, room_id, ...(omitted > 0 && { omitted }) };
      return this.#line("refused", fields, "a command was refused");
    }
    if (told.limits.has(error.code)) return;
    told.limits.add(error.code);
    const { field, limit } = error.details;
    const { code, message } = error;
    const what = { command, room_id, code, error: message.slice(0, MAX_TEXT), limit };
    this.#line("limit", { ...who, ...what, field: field?.slice(0, MAX_TEXT) }, "a limit was reached");
  }

  closed(who: Who, { by, code, reason }: Ended, told: Told | undefined): void {
    const omitted = told?.lines.omitted ?? 0;
    // Who has not logged in can come and go as often as he likes.
    if (who.session === undefined && by === "client") return;
    this.#line("closed", { ...who, by, code, reason, ...(omitted > 0 && { omitted }) }, "closed");
  }

  #line(audit: string, fields: object, message: string): void {
    const { logger, service } = this.#parts;
    logger.info({ audit, service, ...fields }, message);
  }
}

/** Who is not let in by the server at all. */
export class DoorAudit {
  readonly #parts: Omit<AuditParts, "service">;
  readonly #lines = new Allowance();
  /** How many there were, by HTTP status. */
  readonly refusals = new Map<number, number>();

  constructor(parts: Omit<AuditParts, "service">) {
    this.#parts = parts;
  }

  refused({ address, path, origin, host }: Upgrade, status: number): void {
    count(this.refusals, status);
    const omitted = this.#lines.take(this.#parts.clock.monotonic());
    if (omitted === undefined) return;
    const [said, of, to] = [origin, host, path].map((text) => text?.slice(0, MAX_TEXT));
    const fields = { remote: address, status, path: to, origin: said, host: of };
    this.#parts.logger.info(
      { audit: "not_taken", ...fields, ...(omitted > 0 && { omitted }) },
      "a connection was not taken",
    );
  }
}

/** Whether the audit log tells of such an error. */
export function isAudited({ code, details }: RequestError): boolean {
  return code === 100030 || details.limit !== undefined || LIMITS.has(code);
}

/** What the audit log has told about the requests of one connection. */
export class Told {
  readonly lines = new Allowance();
  /** The codes of the limits it has reached. */
  readonly limits = new Set<number>();
}

/** Few lines a second, so that nobody fills the log from outside; the others are counted. */
class Allowance {
  /** Lines left out since the last one. */
  omitted = 0;
  #since = Number.NEGATIVE_INFINITY;
  #lines = 0;

  /** `now` in milliseconds. How many lines were left out before this one; undefined: leave out this one too. */
  take(now: number): number | undefined {
    if (now - this.#since >= 1000) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines === LINES_A_SECOND) {
      this.omitted += 1;
      return undefined;
    }
    this.#lines += 1;
    const { omitted } = this;
    this.omitted = 0;
    return omitted;
  }
}
