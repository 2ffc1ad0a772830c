import { digestOf, startDigest } from "../store/proof.ts";
import type { Header } from "../transcript/jsonl.ts";
import { type Parsed, Unfit } from "../transcript/parsed.ts";

/** An entry as it is stored: with its salt, or, when its body is not there, the commitment to it (M23). */
export interface Proven extends Parsed {
  /** Absent where nobody asked for what proves it. */
  readonly seal: string | undefined;
}

/** The digests of a transcript, recomputed line by line (M23). One that was written without them has nothing to check. */
export class Proof {
  /** Of the log up to the line before. */
  #digest: string | undefined;

  constructor(header: Header) {
    const { first_id, base_digest } = header;
    this.#digest = base_digest && (first_id > 1 ? base_digest : startDigest(header));
  }

  /**
   * Throws an `Unfit` when the line is not what its log says. A body that is not there, erased (M21) or deleted and not for
   * who made the transcript (M15), is one that is gone.
   */
  proven(entry: Parsed): Proven {
    const { erased, salt, commitment, digest, mentions, msg } = entry;
    const seal = erased || salt === undefined ? commitment : salt;
    const proven = { ...entry, seal };
    if (this.#digest === undefined) {
      if (digest === undefined) return proven;
      throw new Unfit("has a digest, and the header no base_digest to begin with");
    }
    if (seal === undefined) throw new Unfit("lacks what proves it: salt or commitment");
    if (seal === commitment && (msg !== "{}" || mentions !== undefined))
      throw new Unfit("is shown as it was changed, and does not say how it was sent");
    const listed = mentions && JSON.stringify(mentions);
    this.#digest = digestOf(this.#digest, { ...entry, seal, mentions: listed });
    if (this.#digest !== digest)
      throw new Unfit("does not have the digest that its log states: it, or one before it, was changed");
    return proven;
  }
}
