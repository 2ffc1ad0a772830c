import { createHmac } from "node:crypto";

/** A request to a server of the operator's own, which knows it by its signature (L16). */
export interface SignedPost {
  readonly url: string;
  readonly secret: string;
  /** JSON */
  readonly body: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** More of an answer is not read. */
const MAX_ANSWER_BYTES = 65_536;

/** A redirect is not followed: what is said is for this address. */
export function signedPost({ url, secret, body, now, signal }: SignedPost): Promise<Response> {
  const signature = createHmac("sha256", secret).update(`${now}.${body}`).digest("hex");
  return fetch(url, {
    method: "POST",
    redirect: "manual",
    signal,
    headers: { "content-type": "application/json", "roomlog-signature": `t=${now},v1=${signature}` },
    body,
  });
}

/** The answer's body. Rejects when it is over 64 KiB long. */
export async function answerText({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer is over ${MAX_ANSWER_BYTES} bytes long`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
