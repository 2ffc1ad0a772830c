import { type Parsed, Unfit } from "../transcript/parsed.ts";
import { Failure } from "./failure.ts";

/** The line of an entry: the header is the first one. */
const lineOf = (msg_id: number, first_id: number) => msg_id - first_id + 2;

/**
 * What entries say of one another, which has to be true: by which edit a message reads as it does, what was deleted, and
 * how its edits read before. It grows with what was changed, not with the log.
 */
export class Wordings {
  readonly #last_id: number;
  /** By the `msg_id` of an edit: as its message has it. */
  readonly #texts = new Map<number, Parsed["wordings"][number]>();
  /** By the `msg_id` of what was changed. */
  readonly #claims = new Map<number, number>();
  /** Messages of which it is only known how they read later. */
  readonly #unsure = new Set<number>();

  constructor(last_id: number) {
    this.#last_id = last_id;
  }

  /**
   * An entry as it was sent. Throws an `Unfit` when that cannot be known, because it was changed by what the file does
   * not have.
   */
  restored(entry: Parsed): Parsed {
    const { msg_id, edited, deleted, wordings } = entry;
    const changed_by = deleted ?? edited;
    if (changed_by === undefined) return entry;
    if (changed_by <= msg_id) throw new Unfit(`was changed by #${changed_by}, which is before it`);
    const text = this.#texts.get(msg_id);
    this.#texts.delete(msg_id);
    const isKnown = text !== undefined || wordings.length > 0;
    const edits = wordings.filter((wording) => wording.msg_id > msg_id && wording.msg_id <= this.#last_id);
    for (const edit of edits) this.#texts.set(edit.msg_id, edit);
    if (changed_by <= this.#last_id) this.#claims.set(msg_id, changed_by);
    // It was changed after the transcript ends: what it was until then only its wordings say.
    else if (isKnown) this.#claim(msg_id, edits.at(-1)?.msg_id);
    else if (deleted === undefined || entry.commitment !== undefined) this.#unsure.add(msg_id);
    else
      throw new Unfit(
        `was deleted by #${deleted}, behind the end of the file: export it again, with --versions`,
      );
    return { ...entry, ...text };
  }

  #claim(msg_id: number, changed_by: number | undefined): void {
    if (changed_by !== undefined) this.#claims.set(msg_id, changed_by);
  }

  /** Throws a `Failure` unless that is what was changed. */
  check(changes: Iterable<{ readonly msg_id: number; readonly changed_by: number }>, first_id: number): void {
    for (const { msg_id, changed_by } of changes) {
      if (this.#claims.get(msg_id) !== changed_by && !this.#unsure.has(msg_id))
        throw new Failure(
          "data",
          `line ${lineOf(msg_id, first_id)} does not say that #${changed_by} changed it`,
        );
      this.#claims.delete(msg_id);
    }
    for (const [msg_id, changed_by] of this.#claims)
      throw new Failure("data", `line ${lineOf(msg_id, first_id)}: #${changed_by} did not change it`);
  }
}
