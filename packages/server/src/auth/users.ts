import type { Authenticator, Credentials, Grant, GrantedRight } from "./auth.ts";

/** A user of the configuration; `password` is an argon2id hash as `hashPassword` makes it. */
export interface User {
  readonly name: string;
  readonly password: string;
  readonly rights: readonly GrantedRight[];
}

/** A hash of no password: checked for users that do not exist, so that they take as long as the others. */
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$noghvudYCV53h9jkXL9F4Q$gRjI/WmW/1Kz6Rntv17tBmse3fa1jTzFa9TllR33VNM";

/** Its native code is loaded when the first password comes. */
const argon2 = () => import("@node-rs/argon2");

/** Argon2id with 19 MiB and 2 passes. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await argon2();
  return hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
}

/** Lets in the users of a list with their passwords. */
export function usersAuthenticator(users: readonly User[]): Authenticator {
  const byName = new Map(users.map((user) => [user.name, user]));
  return { open: false, authenticate: (credentials) => check(byName, credentials) };
}

async function check(
  users: ReadonlyMap<string, User>,
  { user: name = "", password = "" }: Credentials,
): Promise<Grant | undefined> {
  const user = users.get(name);
  const { verify } = await argon2();
  const isRight = await verify(user?.password ?? NOBODY, password).catch(() => false);
  return user && isRight ? { user_id: user.name, rights: user.rights } : undefined;
}
