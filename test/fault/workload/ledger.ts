/** A message that was acknowledged. */
export interface Acked {
  readonly room: string;
  readonly msg_id: number;
  readonly user: string;
  /** A word that stands in no other message. */
  readonly word: string;
  /** When it went out first, and when it was acknowledged: moments of the ledger. */
  readonly sent: number;
  readonly acked: number;
}

/** What has become of a body: `unsure` while an erasure runs, and for good after one that was cut short. */
export type Fate = "kept" | "gone" | "unsure";

interface Erasure {
  readonly asked: number;
  over: number;
  complete: boolean;
}

/** What the clients know, those of all lives of the server together: what was acknowledged, and what was erased since. */
export class Ledger {
  readonly acked: Acked[] = [];
  /** By user. */
  readonly #erasures = new Map<string, Erasure[]>();
  #moment = 0;

  /** Later than everything that was noted. */
  now(): number {
    return ++this.#moment;
  }

  note(message: Omit<Acked, "acked">): Acked {
    const acked = { ...message, acked: this.now() };
    this.acked.push(acked);
    return acked;
  }

  /** An erasure goes out; gives back what is to be called when it has ended. */
  erase(user: string): (complete: boolean) => void {
    const erasure = { asked: this.now(), over: Number.POSITIVE_INFINITY, complete: false };
    this.#erasures.set(user, [...(this.#erasures.get(user) ?? []), erasure]);
    return (complete) => Object.assign(erasure, { complete, over: this.now() });
  }

  /** The words of what is gone. */
  goneWords(): Set<string> {
    return new Set(this.acked.flatMap((message) => (this.fateOf(message) === "gone" ? message.word : [])));
  }

  /** How many erasures were complete. */
  get complete(): number {
    return this.#all().filter(({ complete }) => complete).length;
  }

  /** Whether one runs, or has ended since a moment. */
  isErasingSince(moment: number): boolean {
    return this.#all().some(({ over }) => over > moment);
  }

  /** M21: what was stored before it was asked for is gone when it is answered; what was sent meanwhile may be. */
  fateOf({ user, sent, acked }: Acked): Fate {
    const own = this.#erasures.get(user) ?? [];
    if (own.some(({ complete, asked }) => complete && acked < asked)) return "gone";
    return own.some(({ over }) => over > sent) ? "unsure" : "kept";
  }

  #all(): Erasure[] {
    return [...this.#erasures.values()].flat();
  }
}
