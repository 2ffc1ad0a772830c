import type { ProvenEntry } from "@roomlog/protocol";
import { commitmentOf, digestOf, Salts, type Sealed, startDigest } from "./proof.ts";
import type { Proof } from "./store.ts";

const salts = new Salts();

/** The digest of a log in memory (M23), up to each entry that is kept. */
export class MemoryDigests {
  /** Of the last entry that was dropped. */
  #base: string;
  #base_id = 0;
  readonly #kept: Proof[] = [];

  constructor(life: { readonly room_id: string; readonly epoch: string }) {
    this.#base = startDigest(life);
  }

  add(entry: ProvenEntry & Omit<Sealed, "seal">, seal = salts.next()): void {
    const previous = this.#kept.at(-1)?.digest ?? this.#base;
    this.#kept.push({ seal, digest: digestOf(previous, { ...entry, seal }) });
  }

  /** The body of an entry goes, with its salt. */
  erase({ msg_id, msg, mentions }: Pick<ProvenEntry, "msg_id"> & Omit<Sealed, "seal">): void {
    const at = msg_id - this.#base_id - 1;
    const { seal, digest } = this.#kept[at] as Proof;
    this.#kept[at] = { seal: commitmentOf({ seal, msg, mentions }), digest };
  }

  /** So many entries have gone from the low end. */
  drop(count: number): void {
    this.#base = this.#kept.splice(0, count).at(-1)?.digest ?? this.#base;
    this.#base_id += count;
  }

  of(msg_id: number): Proof | undefined {
    return this.#kept[msg_id - this.#base_id - 1];
  }

  upTo(msg_id: number): string | undefined {
    return msg_id === this.#base_id ? this.#base : this.of(msg_id)?.digest;
  }
}
