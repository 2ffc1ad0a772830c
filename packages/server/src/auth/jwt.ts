import type { KeyObject } from "node:crypto";
import type { JsonObject } from "@roomlog/protocol";
import type { JWTVerifyGetKey, JWTVerifyOptions } from "jose";
import {
  type Authenticator,
  AuthenticatorBusy,
  type Credentials,
  type Grant,
  type Time,
  type Why,
} from "./auth.ts";

/** A key and the one algorithm it is used with (RFC 8725 §3.1). */
export interface JwtKey {
  /** Only for tokens that name it; a token's `kid` is compared with this and used for nothing else. */
  readonly kid: string | undefined;
  readonly algorithm: string;
  readonly key: KeyObject;
}

export interface JwtRules {
  readonly issuer: string;
  readonly audience: string | undefined;
  readonly clock_tolerance_seconds: number;
  /** Keys of the configuration, or where the issuer publishes them. */
  readonly keys: readonly JwtKey[] | URL;
  /** What good claims stand for; undefined when they say nothing that can be used. */
  readonly read: (claims: JsonObject) => Grant | undefined;
}

/** Algorithms that published keys may be used with: none with a shared secret. */
const PUBLISHED_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"];

/** A longer token is not looked into. */
const MAX_TOKEN_LENGTH = 8192;

/** The end of the year 9999; what lies behind it is a mistake, most often milliseconds. */
const LAST_SECOND = 253_402_300_799;

/** Time for an issuer to show its keys, how long they are kept, and the least time before they are fetched anew, in ms. */
const PUBLISHED = { timeoutDuration: 5000, cacheMaxAge: 600_000, cooldownDuration: 30_000 };
const BUSY_RETRY_MS = 2000;

/** Loaded with the first token, so that a start stays short. */
const jose = () => import("jose");

type Verify = (token: string, options: JWTVerifyOptions, why: Why) => Promise<JsonObject | undefined>;

/** Lets in who brings a signed JSON Web Token (L14). */
export function jwtAuthenticator(rules: JwtRules, time: Time): Authenticator {
  const { keys } = rules;
  const verify = keys instanceof URL ? byPublishedKeys(keys) : byKeys(keys);
  return {
    open: false,
    authenticate: (credentials, why) => check(rules, verify, time, credentials, why),
    renew: async (grant) => grant,
  };
}

async function check(
  { issuer, audience, clock_tolerance_seconds: clockTolerance, read }: JwtRules,
  verify: Verify,
  time: Time,
  { token, user }: Credentials,
  why: Why,
): Promise<Grant | undefined> {
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) {
    why(token === undefined ? "no token given" : `a token of over ${MAX_TOKEN_LENGTH} characters`);
    return undefined;
  }
  const currentDate = new Date(time.wall() / 1000);
  const rules = { issuer, clockTolerance, currentDate, requiredClaims: ["exp"] };
  const claims = await verify(token, audience === undefined ? rules : { ...rules, audience }, why);
  if (!claims) return undefined;
  const exp = Number(claims.exp);
  const grant = exp <= LAST_SECOND ? read(claims) : undefined;
  if (grant && (user ?? grant.user_id) === grant.user_id) return { ...grant, expires_at: exp };
  why(grant ? "the token is for another user" : "a good signature, but claims that say nothing of use");
  return undefined;
}

function byKeys(keys: readonly JwtKey[]): Verify {
  return async (token, rules, why) => {
    const { decodeProtectedHeader, jwtVerify, errors } = await jose();
    const { alg, kid } = readHeader(token, decodeProtectedHeader);
    const fitting = keys.filter((key) => key.algorithm === alg && (key.kid ?? kid) === kid);
    for (const { key, algorithm } of fitting) {
      try {
        return (await jwtVerify(token, key, { ...rules, algorithms: [algorithm] })).payload;
      } catch (error) {
        if (error instanceof errors.JWSSignatureVerificationFailed) continue;
        if (!(error instanceof errors.JOSEError)) throw error;
        why(error.message);
        return undefined;
      }
    }
    why(fitting.length === 0 ? "no key of its algorithm and kid" : "signed with another key");
    return undefined;
  };
}

/** No header where there is none to be read. */
function readHeader<Header>(token: string, decode: (token: string) => Header): Partial<Header> {
  try {
    return decode(token);
  } catch {
    return {};
  }
}

function byPublishedKeys(url: URL): Verify {
  let find: JWTVerifyGetKey | undefined;
  return async (token, rules, why) => {
    const { createRemoteJWKSet, jwtVerify, errors } = await jose();
    find ??= orBusy(createRemoteJWKSet(url, PUBLISHED), [
      errors.JWKSNoMatchingKey,
      errors.JWKSMultipleMatchingKeys,
      errors.JOSENotSupported,
    ]);
    try {
      return (await jwtVerify(token, find, { ...rules, algorithms: PUBLISHED_ALGORITHMS })).payload;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      why(error.message);
      return undefined;
    }
  };
}

/** When the keys cannot be had nobody knows whether a token is good; `refusals` say that it is not. */
function orBusy(find: JWTVerifyGetKey, refusals: readonly (new () => Error)[]): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (cause) {
      if (refusals.some((refusal) => cause instanceof refusal)) throw cause;
      throw new AuthenticatorBusy("the keys for tokens cannot be fetched", BUSY_RETRY_MS, { cause });
    }
  };
}
