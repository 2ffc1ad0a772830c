import { withTail } from "@roomlog/protocol";
import { answerText, type Clock, type LogStretch, signedPost } from "../../core/plugin.ts";
import type { WebhookSettings } from "./settings.ts";

/** What one request tells of a life of a room (W1, W5). */
export interface Parcel {
  readonly room_id: string;
  readonly epoch: string;
  readonly messages: LogStretch["messages"];
  /** Ids that were dropped before they were told. */
  readonly dropped?: { readonly from: number; readonly to: number };
  /** Whether the life ends behind it. */
  readonly destroyed: boolean;
  /** The dead letter that is sent again (W7). */
  readonly letter?: number;
}

export type Outcome =
  | { readonly kind: "ok" }
  | {
      readonly kind: "failed";
      readonly error: string;
      /** 410: it is not to be tried again (W6). */
      readonly isGone: boolean;
      /** What the receiver asks for; 0 when it does not. */
      readonly retry_after_ms: number;
    };

/** Why a request is given up when the service stops. */
export const STOPPING = new Error("the server is stopping");

/** UTF-8 bytes of messages in one request, if they are more than one. */
export const MAX_BYTES = 1_048_576;

/** The longest rest that a receiver can ask for. */
const MAX_RETRY_AFTER_MS = 3_600_000;
const MAX_ERROR_LENGTH = 200;

/** The body of a request: messages go as the text that they are (M7). */
export function bodyOf(
  service: string,
  webhook: string,
  { room_id, epoch, letter, dropped, messages, destroyed }: Parcel,
): string {
  const head = { service, webhook, room_id, epoch, letter, dropped };
  const list = `"messages":[${messages.map(({ text }) => text).join(",")}]`;
  return withTail(JSON.stringify(head), destroyed ? `${list},"destroyed":true` : list);
}

/** Posts to the receiver of a webhook, until `aborted`; never throws. */
export async function post(
  { url, secret, timeout_seconds }: WebhookSettings,
  body: string,
  { clock, abort }: { readonly clock: Clock; readonly abort: AbortController },
): Promise<Outcome> {
  const late = () => abort.abort(new Error(`no answer within ${timeout_seconds} s`));
  const stopWaiting = clock.after(timeout_seconds * 1000, late);
  try {
    const now = Math.floor(clock.wall() / 1_000_000);
    const response = await signedPost({ url, secret, body, now, signal: abort.signal });
    // So that the connection can be used again. What it says is of no matter.
    await answerText(response).catch(() => {});
    return outcomeOf(response, clock);
  } catch (error) {
    return { kind: "failed", error: inWords(error), isGone: false, retry_after_ms: 0 };
  } finally {
    stopWaiting();
  }
}

function outcomeOf({ ok, status, headers }: Response, clock: Clock): Outcome {
  if (ok) return { kind: "ok" };
  const retry_after_ms = restAskedFor(headers.get("retry-after"), clock.wall() / 1000);
  return { kind: "failed", error: `answered ${status}`, isGone: status === 410, retry_after_ms };
}

/** `Retry-After` is a number of seconds or a date. */
function restAskedFor(header: string | null, now_ms: number): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** What `fetch` throws says why only in its cause. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, MAX_ERROR_LENGTH);
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  return String(cause?.code ?? (cause?.message || error.message)).slice(0, MAX_ERROR_LENGTH);
}
