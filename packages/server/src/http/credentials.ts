import { createHash } from "node:crypto";

/** What a request says about who sends it, as `data` of a login (L2). */
export interface Credentials {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Who a program is in open mode when it says nothing (L7, H2). */
const NOBODY = "http";

/** What is asked for with 401 (RFC 9110 §11.6.1). */
export const CHALLENGE = 'Bearer realm="roomlog", Basic realm="roomlog", charset="UTF-8"';

/** The credentials of an `Authorization` header; undefined when there are none. In open mode there always are. */
export function credentialsIn(header: string | undefined, isOpenMode: boolean): Credentials | undefined {
  const [, scheme = "", value = ""] = /^(\S+) +(\S.*)$/.exec(header ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return isOpenMode ? { user: NOBODY } : { token: value };
    case "basic":
      return userAndPassword(Buffer.from(value, "base64").toString());
    default:
      return isOpenMode ? { user: NOBODY } : undefined;
  }
}

function userAndPassword(text: string): Credentials {
  const colon = text.indexOf(":");
  if (colon < 0) return { user: text };
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A name for credentials that does not tell them. */
export function hashOf(credentials: Credentials): string {
  return createHash("sha256").update(JSON.stringify(credentials)).digest("base64");
}
