import { hash, randomFillSync } from "node:crypto";
import {
  commitmentText,
  digestText,
  HASH_DIGITS,
  type ProvenEntry,
  SALT_DIGITS,
  startText,
} from "@roomlog/protocol";
import type { Append } from "./store.ts";

/** The digest of logs (M23). Salts, commitments and digests are hex. */

const POOL_BYTES = 8192;

/** Makes salts. Random bytes are drawn many at a time: one by one they would cost more than the hashes. */
export class Salts {
  readonly #bytes = Buffer.alloc(POOL_BYTES);
  #pool = "";
  #at = 0;

  next(): string {
    if (this.#at === this.#pool.length) {
      this.#pool = randomFillSync(this.#bytes).toString("hex");
      this.#at = 0;
    }
    this.#at += SALT_DIGITS;
    return this.#pool.slice(this.#at - SALT_DIGITS, this.#at);
  }
}

/** Before the first entry. */
export function startDigest(life: { readonly room_id: string; readonly epoch: string }): string {
  return sha256(startText(life));
}

/** What an entry is committed to. Its seal is its salt, or the commitment itself once its body was erased. */
export interface Sealed {
  readonly seal: string;
  readonly msg: string;
  /** JSON */
  readonly mentions?: string | null | undefined;
}

export function commitmentOf({ seal, msg, mentions }: Sealed): string {
  return seal.length === HASH_DIGITS ? seal : sha256(commitmentText(seal, msg, mentions));
}

/** Up to an entry, by the digest up to the one before it. */
export function digestOf(previous: string, entry: ProvenEntry & Sealed): string {
  return sha256(digestText(previous, commitmentOf(entry), entry));
}

/** What is proven of an entry that is written with this id, time and seal. */
export function provenOf(
  { user_id, session_id, msg, ref, change, mentions }: Append,
  place: { readonly msg_id: number; readonly timestmap: number; readonly seal: string },
): ProvenEntry & Sealed {
  const listed = mentions && JSON.stringify(mentions);
  return { ...place, user_id, session_id, msg, ref, op: change?.op, mentions: listed };
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
