import {
  type EntryOp,
  HASH_DIGITS,
  isJsonObject,
  isName,
  type JsonObject,
  MAX_MENTIONS,
  MAX_MESSAGE_DEPTH,
  MAX_ROOM_ID,
  MAX_SESSION_ID,
  MAX_USER,
  reservedNames,
  SALT_DIGITS,
} from "@roomlog/protocol";
import { depthOf, elementsOf, membersOf, memberText } from "../core/json-text.ts";
import { type Header, KIND, VERSION } from "./jsonl.ts";
import { asStored, storedText } from "./stored-text.ts";

/** A line that cannot be taken. The message is the end of a sentence about it. */
export class Unfit extends Error {}

/** The text of an entry as it was sent. */
interface Wording {
  readonly msg_id: number;
  /** JSON, byte by byte. */
  readonly msg: string;
  /** Of a message (M20). */
  readonly mentions: readonly string[] | undefined;
  /** What proves it (M23); absent when it was erased, and where nobody asked for it. */
  readonly salt: string | undefined;
  /** Its body is gone for good (M21). */
  readonly erased: boolean;
}

/** An entry of a log out of a line of jsonl (M25). */
export interface Parsed extends Wording {
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970 */
  readonly timestmap: number;
  readonly op: EntryOp | undefined;
  readonly ref: number | undefined;
  /** The edit that it reads as, or the deletion that emptied it. */
  readonly edited: number | undefined;
  readonly deleted: number | undefined;
  /** In place of the salt, when it is not shown as it was sent (M23). */
  readonly commitment: string | undefined;
  /** Of the log up to it (M23). */
  readonly digest: string | undefined;
  /** As far as the line has them, this entry's own among them. */
  readonly wordings: readonly Wording[];
}

/** Throws an `Unfit`. */
export function headerIn(line: string): Header {
  const header = firstIn(line);
  if (header.roomlog !== KIND)
    throw new Unfit("is not the header of a transcript; export it with --format jsonl");
  if (header.version !== VERSION)
    throw new Unfit(`is of format ${header.version}, this Roomlog takes ${VERSION}`);
  const { service, room_id, epoch, first_id, last_id, time_field } = header;
  if (service !== undefined && (typeof service !== "string" || service === ""))
    throw new Unfit("has a service that is no name");
  if (epoch === "last") throw new Unfit('has the epoch "last", which means another life of the room (M12)');
  const isWhole =
    isName(room_id, MAX_ROOM_ID) &&
    isName(epoch, MAX_SESSION_ID) &&
    isId(first_id) &&
    (isId(last_id) || last_id === 0) &&
    first_id <= last_id + 1 &&
    (time_field === "timestmap" || time_field === "timestamp");
  if (!isWhole) throw new Unfit("lacks something of a header: room_id, epoch, first_id, last_id, time_field");
  if ("where" in header)
    throw new Unfit("is of a part of a log (exported with a filter), which cannot be imported");
  hexIn(header, "base_digest", HASH_DIGITS);
  return header as unknown as Header;
}

/** Throws an `Unfit`, which for a file of another kind says what is taken. */
function firstIn(line: string): JsonObject {
  try {
    return objectIn(line);
  } catch (error) {
    throw new Unfit(`${(error as Error).message}; import takes what was exported with --format jsonl`);
  }
}

/** Throws an `Unfit`. */
export function entryIn(line: string, { time_field }: Header): Parsed {
  const text = asStored(line);
  if (text === undefined) throw new Unfit("has breaks that are not where its JSON can have line ends");
  const entry = objectIn(text);
  const { stamp, msg } = storedText(text);
  const names = ["msg_id", "user_id", "session_id", time_field, ...("$log" in entry ? ["$log"] : [])];
  if (stamp.join() !== names.join()) throw new Unfit(`does not end with ${names.join(", ")}`);
  const { msg_id, user_id, session_id, [time_field]: timestmap, $log = {} } = entry;
  if (!isId(msg_id)) throw new Unfit("has no msg_id");
  if (!isName(user_id, MAX_USER) || !isName(session_id, MAX_SESSION_ID))
    throw new Unfit("does not say who sent it");
  if (!isId(timestmap)) throw new Unfit(`has no time (${time_field}, µs since 1970)`);
  checkSent(msg, time_field);
  const says = logIn($log);
  if (says.erased) checkErased(msg, says);
  const wordings = wordingsIn(text, time_field);
  const own = wordings.find((wording) => wording.msg_id === msg_id);
  const mentions = says.mentions ?? own?.mentions;
  const parsed = { msg, user_id, session_id, timestmap, ...says, ...own, msg_id, mentions, wordings };
  if (parsed.op === "delete") checkDeletion(parsed);
  return parsed;
}

/** What was sent is an object like any that is taken (Q1), without the server's names (M2). */
function checkSent(msg: string, time_field: string): void {
  const sent = objectIn(msg);
  const name = reservedNames.find((one) => Object.hasOwn(sent, one === "timestmap" ? time_field : one));
  if (name !== undefined) throw new Unfit(`has a ${name} in what was sent`);
  if (depthOf(msg) > MAX_MESSAGE_DEPTH) throw new Unfit(`is nested deeper than ${MAX_MESSAGE_DEPTH} levels`);
}

/** A deletion says why, or nothing, and nothing changes it (M15). */
function checkDeletion({ msg, edited, deleted, wordings }: Parsed): void {
  if (edited !== undefined || deleted !== undefined || wordings.length > 0)
    throw new Unfit("deletes a message, and was changed itself");
  const { reason = "" } = JSON.parse(msg) as JsonObject;
  const isFit = membersOf(msg).every(({ key }, at) => at === 0 && key === "reason");
  if (!isFit || typeof reason !== "string" || !reason.isWellFormed())
    throw new Unfit("deletes a message, and says more than a reason, which is a text");
}

/** Of what was erased nothing is left (M21). */
function checkErased(msg: string, { mentions, salt }: Pick<Wording, "mentions" | "salt">): void {
  if (msg !== "{}" || mentions || salt !== undefined) throw new Unfit("was erased, and says something");
}

function objectIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw new Unfit(`is not JSON: ${(error as Error).message}`);
  }
  throw new Unfit("is not a JSON object");
}

function logIn(
  log: unknown,
): Omit<Parsed, "msg_id" | "msg" | "user_id" | "session_id" | "timestmap" | "wordings"> {
  if (!isJsonObject(log)) throw new Unfit("has a $log that is no object");
  const { op, ref, mentions } = log;
  if (op !== undefined && op !== "edit" && op !== "delete") throw new Unfit(`does what nobody knows: ${op}`);
  if (ref !== undefined && !isId(ref)) throw new Unfit("has a ref that is no id");
  if (op !== undefined && ref === undefined) throw new Unfit(`is to ${op} a message, and does not say which`);
  if (op !== undefined && mentions !== undefined) throw new Unfit("mentions users, and is no message");
  const [edited, deleted] = [changeIn(log, "edited"), changeIn(log, "deleted")];
  const erased = log.erased === true && edited === undefined;
  const [digest, commitment] = ["digest", "commitment"].map((name) => hexIn(log, name, HASH_DIGITS));
  const salt = hexIn(log, "salt", SALT_DIGITS);
  return { op, ref, mentions: mentionsIn(log), edited, deleted, erased, digest, salt, commitment };
}

function mentionsIn({ mentions }: JsonObject): readonly string[] | undefined {
  if (mentions === undefined || isMentions(mentions)) return mentions;
  throw new Unfit("has mentions that are no list of users");
}

function isMentions(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_MENTIONS &&
    value.every((user) => isName(user, MAX_USER)) &&
    new Set(value).size === value.length
  );
}

function changeIn(log: JsonObject, name: "edited" | "deleted"): number | undefined {
  const change = log[name];
  if (change === undefined) return undefined;
  if (isJsonObject(change) && isId(change.msg_id)) return change.msg_id;
  throw new Unfit(`was ${name}, and does not say by which entry`);
}

function hexIn(log: JsonObject, name: string, digits: number): string | undefined {
  const value = log[name];
  if (
    value === undefined ||
    (typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value))
  )
    return value;
  throw new Unfit(`has a ${name} that is none`);
}

/** Their texts, untouched. */
function wordingsIn(text: string, time_field: string): Wording[] {
  const versions = memberText(memberText(text, "$log") ?? "{}", "versions");
  if (versions === undefined) return [];
  return elementsOf(versions).map((version) => {
    const says = objectIn(version);
    if (!isId(says.msg_id)) throw new Unfit("has a version without an id");
    const wording = {
      msg_id: says.msg_id,
      msg: memberText(version, "msg") ?? "",
      mentions: mentionsIn(says),
      salt: hexIn(says, "salt", SALT_DIGITS),
      erased: says.erased === true,
    };
    checkSent(wording.msg, time_field);
    if (wording.erased) checkErased(wording.msg, wording);
    return wording;
  });
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
