import { type Filter, isName, MAX_USER } from "@roomlog/protocol";
import * as z from "zod";
import { faultOfWhere } from "../auth/filtered.ts";
import { isLoopback } from "../core/loopback.ts";

/** A right, everywhere or in the rooms of a pattern (L10); with `where` only for messages that this filter means (M17). */
export const grantedRight = z
  .union([
    z.string().min(1),
    z.strictObject({
      right: z.string().min(1),
      rooms: z.string().min(1),
      where: z.custom<Filter>((where) => where !== undefined).optional(),
    }),
  ])
  .check(({ value, issues }) => {
    const message = typeof value === "string" ? undefined : faultOfWhere(value);
    if (message !== undefined) issues.push({ code: "custom", message, input: value, path: ["where"] });
  });

export const role = z.strictObject({
  rights: z.array(grantedRight).describe("Rights, as those of a user."),
});

export const user = z.strictObject({
  name: z
    .string()
    .refine((name) => isName(name, MAX_USER), "not a user name (L6)")
    .describe("What the user logs in as."),
  password: z.string().startsWith("$argon2id$").describe("Hash of the password, from `roomlog user hash`."),
  rights: z
    .array(grantedRight)
    .optional()
    .describe(
      "Rights, by name, or `{right, rooms}` for those in some rooms (L10), `msglog_get` also with `where` (M17); `*` stands for what a participant needs (L8; docs/rights.md), and is the default without `roles`.",
    ),
  roles: z.array(z.string()).default([]).describe("Names of `roles` whose rights the user has too."),
});

/** A server that is told secrets, or believed: nobody on the way may listen or answer in its place. */
const trustedUrl = z.string().refine((text) => {
  const { protocol, hostname = "" } = URL.parse(text) ?? {};
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}, "is an address with https, or with http on this machine");

const usersKind = z.strictObject({ kind: z.literal("users") });

const SECRET_ALGORITHMS = ["HS256", "HS384", "HS512"] as const;
const PUBLIC_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"] as const;

const LEAST_SECRET = 16;

function isLong(secret: string | undefined): boolean {
  return secret === undefined || secret.length >= LEAST_SECRET;
}

const key = z
  .strictObject({
    kid: z.string().optional().describe("Only for tokens that name this key."),
    algorithm: z.enum([...SECRET_ALGORITHMS, ...PUBLIC_ALGORITHMS]).describe("The one it is used with."),
    secret: z
      .string()
      .min(1)
      .optional()
      .describe("For HS256, HS384 and HS512; take 32 random bytes or more."),
    public_key: z.string().optional().describe("For the others: PEM."),
  })
  .refine(
    ({ algorithm, secret, public_key }) =>
      algorithm.startsWith("HS") ? secret !== undefined && !public_key : public_key !== undefined && !secret,
    "HS256, HS384 and HS512 need a secret, the others a public_key",
  );

const jwtKind = z
  .strictObject({
    kind: z.literal("jwt"),
    profile: z
      .enum(["claims", "livekit", "jitsi"])
      .default("claims")
      .describe("How a token is read: by the settings below, or as LiveKit or Jitsi write it."),
    issuer: z.string().min(1).describe("What `iss` must be; for LiveKit the API key, for Jitsi the app id."),
    audience: z.string().min(1).optional().describe("What `aud` must name. LiveKit's tokens have none."),
    keys: z.array(key).max(16).default([]).describe("Keys that tokens may be signed with."),
    jwks_url: trustedUrl.optional().describe("Where the keys are found instead; they are kept 10 minutes."),
    clock_tolerance_seconds: z
      .number()
      .min(0)
      .max(300)
      .default(5)
      .describe("By how much the clock of the issuer may differ."),
    tenant: z
      .string()
      .min(1)
      .optional()
      .describe("Jitsi: the tenant or domain that `sub` must be, if not `*`."),
    user_claim: z.string().min(1).default("sub").describe("The claim with the user's name."),
    rights_claim: z
      .string()
      .min(1)
      .optional()
      .describe("The claim with a list of rights, as those of users."),
    meta_claim: z.string().min(1).optional().describe("The claim with an object about the session."),
    rights: z.array(grantedRight).default([]).describe("Rights of everybody with a good token."),
  })
  .refine(({ keys, jwks_url }) => keys.length > 0 !== (jwks_url !== undefined), {
    message: "either keys or jwks_url is needed",
    path: ["keys"],
  })
  // Those of LiveKit and Jitsi are chosen there; a LiveKit for trials has a short one.
  .refine(({ profile, keys }) => profile !== "claims" || keys.every(({ secret }) => isLong(secret)), {
    message: `a secret has ${LEAST_SECRET} characters or more`,
    path: ["keys"],
  })
  .refine(({ profile, audience }) => (audience !== undefined) === (profile !== "livekit"), {
    message: "is needed, but for the profile livekit, whose tokens have none",
    path: ["audience"],
  });

const webhookKind = z.strictObject({
  kind: z.literal("webhook"),
  url: trustedUrl.describe("What is asked with a POST: https, or http on this machine."),
  secret: z.string().min(16).describe("With it each request is signed (`Roomlog-Signature`)."),
  timeout_seconds: z.number().positive().max(60).default(5).describe("Time to answer."),
});

/** One of those who decide about logins (L11). */
export const authenticator = z.discriminatedUnion("kind", [usersKind, jwtKind, webhookKind]);

export type AuthenticatorSettings = z.infer<typeof authenticator>;
export type JwtSettings = z.infer<typeof jwtKind>;
