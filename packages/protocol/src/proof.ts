import type { EntryOp, MessageStamp } from "./message.ts";

/**
 * What is hashed for the digest of a log (M23): texts, whose UTF-8 bytes go through SHA-256. docs/proof.md says the
 * same for who writes a checker. Hashes and salts are lower-case hex.
 */

/** An entry as its digest sees it, beside its body. */
export interface ProvenEntry extends MessageStamp {
  readonly op?: EntryOp | null | undefined;
  readonly ref?: number | null | undefined;
}

/** A salt is 16 random bytes, a commitment is a hash. */
export const SALT_DIGITS = 32;
export const HASH_DIGITS = 64;

/**
 * Its hash is the commitment to a body: `msg` is the text of the message without the server's names, `mentions` the JSON of
 * the users that it names, if it does (M20). A list begins with another character than an object, so nothing is ambiguous.
 */
export function commitmentText(salt: string, msg: string, mentions?: string | null): string {
  return salt + (mentions ?? "") + msg;
}

/** Its hash is the digest of a log without entries. */
export function startText({ room_id, epoch }: { readonly room_id: string; readonly epoch: string }): string {
  return `{"epoch":${JSON.stringify(epoch)},"room_id":${JSON.stringify(room_id)},"roomlog":1}`;
}

/** Its hash is the digest of the log up to this entry: canonical JSON (RFC 8785), so the names are in their order. */
export function digestText(previous: string, commitment: string, entry: ProvenEntry): string {
  const { msg_id, user_id, session_id, timestmap, op, ref } = entry;
  const opText = op ? `"op":"${op}",` : "";
  const refText = ref ? `"ref":${ref},` : "";
  const author = `"session_id":${JSON.stringify(session_id)},"timestmap":${timestmap},"user_id":${JSON.stringify(user_id)}`;
  return `{"commitment":"${commitment}","msg_id":${msg_id},${opText}"previous":"${previous}",${refText}${author}}`;
}
