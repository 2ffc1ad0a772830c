import {
  commitmentText,
  digestText,
  type EntryOp,
  type JsonObject,
  type MessageLog,
  type StoredMessage,
  startText,
} from "@roomlog/protocol";
import { sha256 } from "./sha256.ts";

/** How far a log was checked (M23). To go on later keep it: it is all that is needed. */
export interface Checkpoint {
  readonly epoch: string;
  /** 0 before the first entry. */
  readonly msg_id: number;
  readonly digest: string;
}

/** A log is not what it was, or not what it says it is. `msg_id` is the first entry that does not fit. */
export class LogChanged extends Error {
  readonly room_id: string;
  readonly epoch: string;
  readonly msg_id: number;
  /** What is wrong with it: the end of a sentence. */
  readonly what: string;

  constructor(
    where: { readonly room_id: string; readonly epoch: string; readonly msg_id: number },
    what: string,
  ) {
    super(`entry ${where.msg_id} of ${where.room_id} (${where.epoch}): ${what}`);
    this.name = "LogChanged";
    this.room_id = where.room_id;
    this.epoch = where.epoch;
    this.msg_id = where.msg_id;
    this.what = what;
  }
}

/** What an entry said of one that comes later. */
interface Claim {
  readonly op: EntryOp;
  /** The entries that said so: the first of them, or the message that all of them belong to. */
  readonly ref: number;
  readonly user_id: string;
  readonly time: number;
  /** Hash of the body that is to be its; of a deletion nothing is said. */
  readonly body?: string;
}

/** An entry in its parts. */
interface Entry {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly time: number;
  readonly log: MessageLog<JsonObject>;
  /** The text of what was sent. */
  readonly body: string;
  /** The name of the time, of which a service has the choice (M2). */
  readonly timeField: string;
}

/** The digest of a log without entries. */
export function startDigest(life: { readonly room_id: string; readonly epoch: string }): string {
  return sha256(startText(life));
}

/** Recomputes a log from one entry to the next, from the texts of messages as `msglog_get` with `digest: true` gives them. */
export class LogCheck {
  readonly #room_id: string;
  #at: Checkpoint;
  /** By the id of the edit or deletion. */
  readonly #claims = new Map<number, Claim>();
  #spokenOf = 0;

  constructor(room_id: string, from: Checkpoint) {
    this.#room_id = room_id;
    this.#at = from;
  }

  get at(): Checkpoint {
    return this.#at;
  }

  /** The newest entry that one before says has changed it, whether or not it has come; 0 for none. */
  get spokenOf(): number {
    return this.#spokenOf;
  }

  /** There is nothing more. Throws a `LogChanged` when there should be. */
  end(): void {
    for (const [msg_id, { ref }] of this.#claims)
      this.#fail(ref, `entry ${msg_id}, of which it speaks, is not there`);
  }

  /** Goes on from elsewhere: what lies between is not kept any more. */
  skip(to: Checkpoint): void {
    this.#at = to;
    for (const msg_id of this.#claims.keys()) if (msg_id <= to.msg_id) this.#claims.delete(msg_id);
  }

  /** The next entry. Throws a `LogChanged`; then it stands where it stood before. */
  next(text: string, stored: StoredMessage = JSON.parse(text)): StoredMessage {
    this.look(text, stored)();
    return stored;
  }

  /**
   * Whether the text is the next entry, `stored` being what it says. What this gives back goes behind it. Throws a
   * `LogChanged`.
   */
  look(text: string, stored: StoredMessage): () => void {
    const { digest: previous, epoch } = this.#at;
    if (stored.msg_id !== this.#at.msg_id + 1) this.#fail(this.#at.msg_id + 1, "it is missing");
    const entry = partsOf(text, stored) ?? this.#fail(stored.msg_id, "it is not written as messages are");
    const { msg_id, log, body } = entry;
    const mentions = log.mentions && JSON.stringify(log.mentions);
    const commitment =
      log.salt === undefined ? log.commitment : sha256(commitmentText(log.salt, body, mentions));
    if (commitment === undefined) this.#fail(msg_id, "it brings neither salt nor commitment");
    const { op, ref } = log;
    const digest = sha256(digestText(previous, commitment, { ...entry, timestmap: entry.time, op, ref }));
    if (digest !== log.digest) this.#fail(msg_id, "it does not follow from the entries before it");
    this.#compare(entry);
    const claim = this.#claimOf(entry);
    return () => {
      this.#claims.delete(msg_id);
      if (claim) {
        this.#claims.set(...claim);
        this.#spokenOf = Math.max(this.#spokenOf, claim[0]);
      }
      this.#at = { epoch, msg_id, digest };
    };
  }

  /** With what earlier entries said of this one. One without its body was deleted or erased since. */
  #compare({ msg_id, user_id, time, body, log: { op, ref, salt, deleted, erased } }: Entry): void {
    const claim = this.#claims.get(msg_id);
    if (!claim) return;
    const isIt = claim.op === op && claim.ref === ref && claim.user_id === user_id && claim.time === time;
    if (!isIt) this.#fail(claim.ref, `it says that entry ${msg_id} changed it, which that did not`);
    const isGone = salt === undefined && (deleted !== undefined || erased === true);
    if (claim.body !== undefined && !isGone && claim.body !== sha256(body))
      this.#fail(claim.ref, `it does not have the body of its edit ${msg_id}`);
  }

  /** What this one says of a later one, and of which. A body that is not its own has to be somebody's. */
  #claimOf({ msg_id, timeField, body, log }: Entry): [msg_id: number, Claim] | undefined {
    const { op, ref, salt, edited, deleted, erased } = log;
    const change = deleted ?? edited;
    if (salt !== undefined && change) this.#fail(msg_id, "it was changed, and shows what was sent");
    const isGone = deleted !== undefined || erased === true;
    if (salt === undefined && !(isGone ? body === "{}" : edited))
      this.#fail(msg_id, "its body is not proven");
    if (!change) return undefined;
    if (change.msg_id <= msg_id) this.#fail(msg_id, "it was changed by an entry before it");
    const claim: Claim = {
      op: deleted ? "delete" : "edit",
      ref: op === "edit" ? (ref ?? 0) : msg_id,
      user_id: change.user_id,
      time: change[timeField as "timestmap"],
      ...(!deleted && { body: sha256(body) }),
    };
    return [change.msg_id, claim];
  }

  #fail(msg_id: number, what: string): never {
    throw new LogChanged({ room_id: this.#room_id, epoch: this.#at.epoch, msg_id }, what);
  }
}

/** What stands behind the session of who sent it: the time, and what the server says. */
const REST = /^"(timestmap|timestamp)":(\d+)(?:,"\$log":(\{.*\}))?\}$/s;

/**
 * An entry is the text that was sent, and behind it the server's fields, which stand nowhere in `$log` in this form (M2).
 * Undefined when anything else is in it: of a name that comes twice a reader takes the last.
 */
function partsOf(text: string, { msg_id, user_id, session_id, $log = {} }: StoredMessage): Entry | undefined {
  const stamp = `"msg_id":${msg_id},"user_id":${JSON.stringify(user_id)},"session_id":${JSON.stringify(session_id)},`;
  const at = text.lastIndexOf(stamp);
  const [, timeField, time, said] = REST.exec(text.slice(at + stamp.length)) ?? [];
  if (at < 1 || timeField === undefined || !isOneValue(said)) return undefined;
  const body = at === 1 ? "{}" : `${text.slice(0, at - 1)}}`;
  return { msg_id, user_id, session_id, time: Number(time), log: $log, body, timeField };
}

function isOneValue(text: string | undefined): boolean {
  try {
    JSON.parse(text ?? "{}");
    return true;
  } catch {
    return false;
  }
}
