import type { JsonObject } from "@roomlog/protocol";
import type { Grant } from "../auth/auth.ts";
import { readClaims } from "../auth/claims.ts";
import { readJitsi } from "../auth/jitsi.ts";
import type { JwtKey, JwtRules } from "../auth/jwt.ts";
import { jwtKeyOf } from "../auth/jwt-key.ts";
import { readLiveKit } from "../auth/livekit.ts";
import type { JwtSettings } from "./authenticators.ts";
import { ConfigError } from "./config.ts";

/** What the settings at `path` say about tokens. Throws a `ConfigError` when a key is none. */
export function jwtRulesOf(settings: JwtSettings, path: string): JwtRules {
  const { issuer, audience, clock_tolerance_seconds, jwks_url } = settings;
  const keys = jwks_url === undefined ? keysOf(settings, path) : new URL(jwks_url);
  return { issuer, audience, clock_tolerance_seconds, keys, read: readerOf(settings) };
}

function keysOf({ keys }: JwtSettings, path: string): JwtKey[] {
  return keys.map((key, i) => {
    try {
      return jwtKeyOf(key);
    } catch (cause) {
      throw new ConfigError(`${path}.keys.${i}.public_key: ${(cause as Error).message}`, { cause });
    }
  });
}

function readerOf(settings: JwtSettings): (claims: JsonObject) => Grant | undefined {
  const withFixed = (grant: Grant | undefined) =>
    grant && { ...grant, rights: [...settings.rights, ...grant.rights] };
  switch (settings.profile) {
    case "claims":
      return (claims) => readClaims(claims, settings);
    case "livekit":
      return (claims) => withFixed(readLiveKit(claims));
    case "jitsi":
      return (claims) => withFixed(readJitsi(claims, settings.tenant));
  }
}
