import { type Filter, isName, MAX_SESSION_ID, MAX_USER } from "@roomlog/protocol";
import * as z from "zod";
import { answerText, signedPost } from "../outgoing/signed-post.ts";
import {
  type Authenticator,
  AuthenticatorBusy,
  type Credentials,
  type Grant,
  type Time,
  type Why,
} from "./auth.ts";
import { faultOfWhere } from "./filtered.ts";
import { Turnstile } from "./turnstile.ts";

export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  readonly timeout_seconds: number;
}

/** Answers that are a decision against the login. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404]);

const MAX_META_LENGTH = 16_384;
const BUSY_RETRY_MS = 2000;

/** Questions at once, and how many wait for their turn. */
const LIMITS = { running: 64, waiting: 100, waiting_per_address: 100, retry_after_ms: BUSY_RETRY_MS };

const rightInRooms = z
  .object({
    right: z.string().min(1),
    rooms: z.string().min(1),
    where: z.custom<Filter>((where) => where !== undefined).optional(),
  })
  .refine((right) => faultOfWhere(right) === undefined);

const answer = z.object({
  user: z.custom<string>((value) => isName(value, MAX_USER)),
  rights: z.array(z.union([z.string().min(1), rightInRooms])).default(["*"]),
  session_id: z.custom<string>((value) => isName(value, MAX_SESSION_ID)).optional(),
  meta: z
    .record(z.string(), z.unknown())
    .refine((meta) => JSON.stringify(meta).length <= MAX_META_LENGTH)
    .optional(),
  expires_at: z.number().positive().optional(),
});

/** Asks a server of the operator's own about each login (L16). */
export function webhookAuthenticator(settings: WebhookSettings, time: Time): Authenticator {
  const turnstile = new Turnstile(LIMITS);
  return {
    open: false,
    authenticate: (credentials, why) =>
      turnstile.run(credentials.address, () => ask(settings, time, credentials, why)),
    renew: async (grant) => grant,
  };
}

/** Without a clear answer nobody is let in. */
async function ask(
  settings: WebhookSettings,
  time: Time,
  { address: _, ...credentials }: Credentials,
  why: Why,
): Promise<Grant | undefined> {
  try {
    const { url, secret, timeout_seconds } = settings;
    const signal = AbortSignal.timeout(timeout_seconds * 1000);
    const now = Math.floor(time.wall() / 1_000_000);
    const response = await signedPost({ url, secret, body: JSON.stringify(credentials), now, signal });
    if (response.status === 200) return grantOf(JSON.parse(await answerText(response)));
    await response.body?.cancel();
    if (REFUSALS.has(response.status)) {
      why(`answered ${response.status}`);
      return undefined;
    }
    throw new Error(`the answer has status ${response.status}`);
  } catch (cause) {
    throw new AuthenticatorBusy(`the webhook ${settings.url} did not decide`, BUSY_RETRY_MS, { cause });
  }
}

function grantOf(value: unknown): Grant {
  const { user, rights, session_id, meta, expires_at } = answer.parse(value);
  return {
    user_id: user,
    rights,
    ...(session_id !== undefined && { session_id }),
    ...(meta && { meta }),
    ...(expires_at !== undefined && { expires_at }),
  };
}
