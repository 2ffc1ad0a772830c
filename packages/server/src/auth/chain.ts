import type { Authenticator, Credentials, Grant, Why } from "./auth.ts";

/** An authenticator under its kind. */
export interface Link {
  readonly kind: string;
  readonly authenticator: Authenticator;
}

/** Asks one after the other; the first grant counts (L11). What is renewed goes to the kind that has given it. */
export function chainOf(links: readonly Link[]): Authenticator {
  return {
    open: false,
    authenticate: (credentials, why) => firstGrant(links, credentials, why),
    async renew(grant) {
      return links.find(({ kind }) => kind === grant.by)?.authenticator.renew(grant);
    },
  };
}

async function firstGrant(
  links: readonly Link[],
  credentials: Credentials,
  why: Why,
): Promise<Grant | undefined> {
  for (const { kind, authenticator } of links) {
    const grant = await authenticator.authenticate(credentials, (reason) => why(`${kind}: ${reason}`));
    if (grant) return { ...grant, by: kind };
  }
  return undefined;
}
