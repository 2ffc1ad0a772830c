import type Database from "better-sqlite3";
import type { Entry } from "../../entries.ts";
import { MESSAGE } from "../message-key.ts";
import { REFERRING } from "../rows.ts";
import type { Found } from "./fault.ts";
import type { LifeRow } from "./life.ts";

type Link = Pick<Entry, "op" | "ref" | "changed_by">;

/**
 * Checks what is marked as changed (M15): a message by its newest edit or its deletion, an edit by the deletion of its
 * message. From both ends, so a mark too many is found as well as one that is missing.
 */
export class ChangesCheck {
  readonly #link: Database.Statement<[number, number], Link>;
  readonly #unmarked: Database.Statement<[number, number, number], number>;

  constructor(db: Database.Database) {
    this.#link = db.prepare(`SELECT op, ref, changed_by FROM messages WHERE ${MESSAGE}`);
    this.#unmarked = db
      .prepare<[number, number, number], number>(
        `SELECT msg_id FROM messages ${REFERRING} room_key = ? AND ref = ? AND op = 'edit' AND changed_by IS NOT ? LIMIT 1`,
      )
      .pluck();
  }

  *faults(entry: Entry, life: LifeRow): Generator<Found> {
    const { msg_id, op, ref, changed_by } = entry;
    if (changed_by !== null && !this.#isChange(changed_by, entry, life))
      yield { msg_id, what: "changed_by is no change of this entry", found: changed_by };
    if (op !== null && ref !== null) yield* this.#ofChange({ msg_id, op, ref }, life);
  }

  #isChange(changed_by: number, { op, ref, msg_id }: Entry, { room_key }: LifeRow): boolean {
    const change = this.#link.get(room_key, changed_by);
    if (op === null) return change !== undefined && change.op !== null && change.ref === msg_id;
    return op === "edit" && change?.op === "delete" && change.ref === ref;
  }

  /** That the change `msg_id` has left its mark. */
  *#ofChange(
    { msg_id, op, ref }: { readonly msg_id: number; readonly op: Entry["op"]; readonly ref: number },
    { room_key, first_id }: LifeRow,
  ): Generator<Found> {
    const target = this.#link.get(room_key, ref);
    const marked = target?.changed_by ?? 0;
    if (ref >= first_id && (op === "delete" ? marked !== msg_id : marked < msg_id))
      yield {
        msg_id: ref,
        what: "changed_by is not its newest change",
        expected: msg_id,
        found: marked || "nothing",
      };
    const unmarked = op === "delete" ? this.#unmarked.get(room_key, ref, msg_id) : undefined;
    if (unmarked !== undefined)
      yield { msg_id: unmarked, what: "changed_by is not the deletion of its message", expected: msg_id };
  }
}
