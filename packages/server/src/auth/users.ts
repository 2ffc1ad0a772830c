import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Authenticator, Credentials, Grant, GrantedRight, Why } from "./auth.ts";
import { Turnstile } from "./turnstile.ts";

/** A user; `password` is an argon2id hash as `hashPassword` makes it. */
export interface User {
  readonly name: string;
  readonly password: string;
  readonly rights: readonly GrantedRight[];
}

/** Where users are looked up. */
export interface Users {
  find(name: string): User | undefined;
}

/** A hash of no password: checked for users that do not exist, so that they take as long as the others. */
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$noghvudYCV53h9jkXL9F4Q$gRjI/WmW/1Kz6Rntv17tBmse3fa1jTzFa9TllR33VNM";

/** A hash keeps a core busy for tens of milliseconds, so the longest queue takes a few seconds. */
const MAX_WAITING_HASHES = 100;
const MAX_PER_ADDRESS = 25;
const BUSY_RETRY_MS = 2000;

/** Its native code is loaded when the first password comes. */
const argon2 = () => import("@node-rs/argon2");

/** Argon2id with 19 MiB and 2 passes. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await argon2();
  return hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
}

/** As many hashes at once as there are cores (L17). */
function hashTurnstile(): Turnstile {
  const running = availableParallelism();
  return new Turnstile({
    running,
    waiting: MAX_WAITING_HASHES,
    waiting_per_address: MAX_PER_ADDRESS,
    retry_after_ms: BUSY_RETRY_MS,
  });
}

/** Lets in users with their passwords (L8). */
export function usersAuthenticator(users: Users, hashes = hashTurnstile()): Authenticator {
  return {
    open: false,
    authenticate: (credentials, why) => check(users, hashes, credentials, why),
    async renew(grant) {
      const user = users.find(grant.user_id);
      return user && stampOf(user) === grant.stamp ? { ...grant, rights: user.rights } : undefined;
    },
  };
}

async function check(
  users: Users,
  hashes: Turnstile,
  { user: name, password, address }: Credentials,
  why: Why,
): Promise<Grant | undefined> {
  if (name === undefined || password === undefined) {
    why("no user or no password given");
    return undefined;
  }
  const user = users.find(name);
  const isRight = await hashes.run(address, () => verify(user?.password ?? NOBODY, password));
  if (user && isRight) return { user_id: user.name, rights: user.rights, stamp: stampOf(user) };
  why(user ? "wrong password" : "no such user");
  return undefined;
}

/** Another one after each change of the password. */
function stampOf({ password }: User): string {
  return createHash("sha256").update(password).digest("base64url").slice(0, 16);
}

async function verify(hash: string, password: string): Promise<boolean> {
  const { verify } = await argon2();
  return verify(hash, password).catch(() => false);
}
