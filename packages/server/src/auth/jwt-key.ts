import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { JwtKey } from "./jwt.ts";

/** A key as it is written down: a secret for HS…, else a public key as PEM. */
export interface WrittenKey {
  readonly kid?: string | undefined;
  readonly algorithm: string;
  readonly secret?: string | undefined;
  readonly public_key?: string | undefined;
}

/** The kind of key that each algorithm needs, and for elliptic curves the curve. */
const NEEDED: Readonly<Record<string, string>> = {
  RS: "rsa",
  PS: "rsa",
  ES256: "ec prime256v1",
  ES384: "ec secp384r1",
  EdDSA: "ed25519",
};

const MIN_RSA_BITS = 2048;

/** Throws an `Error` with a sentence when the key cannot be used with its algorithm. */
export function jwtKeyOf({ kid, algorithm, secret, public_key: pem }: WrittenKey): JwtKey {
  if (secret !== undefined) return { kid, algorithm, key: createSecretKey(Buffer.from(secret)) };
  const key = createPublicKey(pem ?? "");
  const needed = NEEDED[algorithm] ?? NEEDED[algorithm.slice(0, 2)];
  if (kindOf(key) !== needed) throw new Error(`${algorithm} needs a key of the kind ${needed}`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
  if (bits < MIN_RSA_BITS) throw new Error(`an RSA key has at least ${MIN_RSA_BITS} bits`);
  return { kid, algorithm, key };
}

function kindOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  return details?.namedCurve === undefined ? `${type}` : `${type} ${details.namedCurve}`;
}
