import { createPrivateKey, createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { JsonObject } from "@roomlog/protocol";
import { SignJWT } from "jose";
import { jwtAuthenticator } from "../auth/jwt.ts";
import type { JwtSettings } from "../config/authenticators.ts";
import type { Config } from "../config/config.ts";
import { jwtRulesOf } from "../config/jwt.ts";
import { loadConfig } from "../config/load.ts";
import { faultOfRight } from "../config/rights.ts";
import { systemClock } from "../core/clock.ts";
import { Failure } from "./failure.ts";
import { claimsOf, type Wish } from "./token-claims.ts";

interface Flags extends Wish {
  readonly config: string;
  readonly authenticator?: number;
  readonly kid?: string;
  readonly keyFile?: string;
}

/** Signs a token and shows it to the authenticator it is for, which has to take it. */
export async function signedToken(
  flags: Flags,
): Promise<{ readonly token: string; readonly claims: JsonObject }> {
  const config = loadConfig(flags.config, {});
  const [place, settings] = authenticatorOf(config, flags.authenticator);
  for (const right of flags.rights ?? []) {
    const fault = faultOfRight(right, config);
    if (fault !== undefined) throw new Failure("usage", `--rights: ${fault}`);
  }
  const claims = claimsOf(settings, flags, Math.floor(Date.now() / 1000));
  const { algorithm, kid, key } = signingKey(settings, flags);
  const header = { alg: algorithm, typ: "JWT", ...(kid !== undefined && { kid }) };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(key);
  if (settings.jwks_url === undefined) await requireTaken(token, settings, place);
  return { token, claims };
}

function authenticatorOf({ authenticators = [] }: Config, number: number | undefined): [string, JwtSettings] {
  const all = authenticators.map((settings, i) => ({ settings, i }));
  const { settings, i } =
    all.find((one) => (number === undefined ? one.settings.kind === "jwt" : one.i === number)) ?? {};
  if (settings?.kind === "jwt") return [`authenticators.${i}`, settings];
  const which =
    number === undefined ? "the configuration has no authenticator" : `authenticators.${number} is not`;
  throw new Failure("config", `${which} of the kind jwt: docs/authentication.md shows one`);
}

interface SigningKey {
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly key: KeyObject;
}

function signingKey({ keys, jwks_url }: JwtSettings, { kid, keyFile }: Flags): SigningKey {
  const fitting = keys.filter((key) => kid === undefined || key.kid === kid);
  const chosen = keyFile === undefined ? fitting.find(({ secret }) => secret !== undefined) : fitting[0];
  if (keyFile !== undefined) {
    const key = privateKey(keyFile);
    const algorithm = chosen?.algorithm ?? (jwks_url === undefined ? undefined : usual(key));
    if (algorithm !== undefined) return { algorithm, kid: chosen?.kid ?? kid, key };
  } else if (chosen?.secret !== undefined) {
    return { algorithm: chosen.algorithm, kid: chosen.kid, key: createSecretKey(Buffer.from(chosen.secret)) };
  }
  const what = kid === undefined ? "no key with a secret" : `no key ${kid} with a secret`;
  throw new Failure(
    "config",
    `the authenticator has ${what}: --key-file names the private key of a public one`,
  );
}

function privateKey(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (cause) {
    throw new Failure(
      "missing",
      `${file} is not a private key that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The algorithm that goes with a key of its kind. */
function usual({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  if (type === "ed25519") return "EdDSA";
  if (type === "ec") return details?.namedCurve === "secp384r1" ? "ES384" : "ES256";
  return "RS256";
}

async function requireTaken(token: string, settings: JwtSettings, place: string): Promise<void> {
  const reasons: string[] = [];
  const authenticator = jwtAuthenticator(jwtRulesOf(settings, place), systemClock());
  const grant = await authenticator.authenticate({ token }, (why) => reasons.push(why));
  if (!grant) throw new Failure("data", `the server would refuse this token: ${reasons.join("; ")}`);
}
