import {
  type Change,
  type EntryOp,
  type MessageLog,
  type MessageStamp,
  SALT_DIGITS,
  type Version,
} from "@roomlog/protocol";
import { commitmentOf } from "./proof.ts";
import type { Message, MessageQuery, Proof } from "./store.ts";

/** An entry of a log as it was stored, and what has become of it since. */
export interface Entry extends MessageStamp {
  /** As it was sent. */
  readonly msg: string;
  /** Null for a message. */
  readonly op: EntryOp | null;
  readonly ref: number | null;
  /** The newest edit of a message, or the deletion of a message and of its edits. */
  readonly changed_by: number | null;
  /** 1 when its body is gone for good (M21), else null. */
  readonly erased: 1 | null;
  /** JSON: a list of users (M20); null without any. */
  readonly mentions: string | null;
}

/** The entries of its log. */
export interface Neighbours {
  entry(msg_id: number): Entry | undefined;
  /** Ascending. */
  editsOf(msg_id: number): readonly Entry[];
  /** How many messages that have not been deleted refer to it. */
  refsOf(msg_id: number): number;
  proofOf(msg_id: number): Proof | undefined;
}

/** Most messages that are counted as referring to one (M16). */
export const MOST_REFS = 10_000;

type Asked = Pick<MessageQuery, "digest" | "refs" | "versions" | "as_sent"> & {
  /** Whether he who reads may see it: asked for each wording of `versions`, as the message read with it. */
  readonly sees?: ((message: Message) => boolean) | undefined;
};

/** An entry as readers see it now (M15), or as it was sent (M26). */
export function shown(entry: Entry, asked: Asked, log: Neighbours): Message {
  const { digest, refs = false, versions, as_sent } = asked;
  const { msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased } = entry;
  const stamp = { msg_id, user_id, session_id, timestmap };
  const isPlain = op === null && ref === null && changed_by === null && mentions === null && erased === null;
  if (isPlain && !refs && !digest) return { ...stamp, msg };
  const newest = changed_by === null ? undefined : log.entry(changed_by);
  const change = isPassedOver(newest, as_sent) ? undefined : newest;
  const isDeleted = change?.op === "delete";
  const says: MessageLog = {
    ...(op !== null && { op }),
    ...(ref !== null && { ref }),
    ...(!isDeleted && mentionsOf(entry)),
    ...(change && (isDeleted ? { deleted: deletionOf(change) } : { edited: changeOf(change) })),
    ...((erased ?? (isDeleted ? null : change?.erased)) && { erased: true }),
    ...(change &&
      op === null &&
      hasVersions(versions, isDeleted) && { versions: versionsOf(entry, log, { ...asked, isDeleted }) }),
    ...(refs && op === null && { refs: log.refsOf(msg_id) }),
    ...(digest && proven(entry, log, change === undefined)),
  };
  return {
    ...stamp,
    msg: isDeleted ? "{}" : (change?.msg ?? msg),
    ...(Object.keys(says).length > 0 && { log: says }),
  };
}

function isPassedOver(change: Entry | undefined, as_sent: Asked["as_sent"]): boolean {
  return as_sent === "all" || (as_sent === "kept" && change?.op === "edit");
}

function hasVersions(versions: Asked["versions"], isDeleted: boolean): boolean {
  return versions === "all" || (versions === "kept" && !isDeleted);
}

function versionsOf(
  message: Entry,
  log: Neighbours,
  { digest, sees, isDeleted }: Asked & { readonly isDeleted: boolean },
): Version<string>[] {
  return [message, ...log.editsOf(message.msg_id)]
    .filter((wording) => sees?.(worded(message, wording, log)) ?? true)
    .map((entry) => ({
      ...changeOf(entry),
      msg: entry.msg,
      ...(isDeleted && mentionsOf(entry)),
      ...(entry.erased && { erased: true }),
      ...(digest && saltOf(entry, log)),
    }));
}

/** A message as it read with one of its wordings. */
function worded(message: Entry, wording: Entry, log: Neighbours): Message {
  return shown({ ...message, changed_by: wording === message ? null : wording.msg_id }, {}, log);
}

function mentionsOf({ mentions }: Entry): { readonly mentions?: readonly string[] } {
  return mentions === null ? {} : { mentions: JSON.parse(mentions) };
}

function saltOf({ msg_id }: Entry, log: Neighbours): { readonly salt?: string } {
  const seal = log.proofOf(msg_id)?.seal;
  return seal?.length === SALT_DIGITS ? { salt: seal } : {};
}

/** The salt goes with the body that it belongs to, and with no other. */
function proven({ msg_id, msg, mentions }: Entry, log: Neighbours, isAsSent: boolean): Partial<MessageLog> {
  const proof = log.proofOf(msg_id);
  if (!proof) return {};
  const { seal, digest } = proof;
  if (isAsSent && seal.length === SALT_DIGITS) return { digest, salt: seal };
  return { digest, commitment: commitmentOf({ seal, msg, mentions }) };
}

function changeOf({ msg_id, user_id, timestmap }: Entry): Change {
  return { msg_id, user_id, timestmap };
}

/** What a deletion has to say is its own text. */
function deletionOf(entry: Entry): Change & { readonly reason?: string } {
  return { ...changeOf(entry), ...(JSON.parse(entry.msg) as { readonly reason?: string }) };
}
