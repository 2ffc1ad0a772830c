import { isJsonObject, type JsonObject, type MessageLog, timeFieldOf } from "@roomlog/protocol";
import { withoutMembers } from "../core/json-text.ts";
import { humaneTime, isoTime, type Look, paint, plain, say, shown } from "./output.ts";

/** The server's names beside that of the time (M2). */
const STAMP = ["msg_id", "user_id", "session_id", "$log"] as const;

/** Prints messages of a room as they come, each by its JSON. */
export type Print = (room_id: string, messages: readonly string[]) => void;

/** A line each; of several rooms each line says which one it is of. */
export function printer(several: boolean, look: Look): Print {
  return (room_id, messages) => {
    const lines = messages.map((text) => messageLine(text, look, several ? room_id : undefined));
    if (lines.length > 0) say(lines.join("\n"));
  };
}

/** A stored message as a line; `text` is its JSON. With `room_id` the line says which room it is of. */
export function messageLine(text: string, look: Look, room_id?: string): string {
  if (look === "json") return shown(jsonLine(text, room_id));
  const message: JsonObject = JSON.parse(text);
  const { msg_id, user_id } = message;
  const time = Number(message[timeFieldOf(message)]);
  const said = saidIn(message, text);
  if (look === "plain") return fields(room_id, [msg_id, isoTime(time), user_id], said).join("\t");
  const stamp = [
    paint("cyan", `#${msg_id}`),
    paint("dim", humaneTime(time)),
    paint("bold", plain(String(user_id))),
  ];
  return fields(room_id && paint("magenta", plain(room_id)), stamp, said).join("  ");
}

/** Line ends between the parts of a message, as some write JSON, are the only ones there are in it. */
function jsonLine(text: string, room_id: string | undefined): string {
  const line = text.replace(/[\r\n]+/g, " ");
  return room_id === undefined ? line : `{"room_id":${JSON.stringify(room_id)},"message":${line}}`;
}

function fields(room_id: string | undefined, stamp: readonly unknown[], said: string): unknown[] {
  return room_id === undefined ? [...stamp, said] : [room_id, ...stamp, said];
}

/** What a message says, and what became of it (M15, M16, M21). */
function saidIn(message: JsonObject, json: string): string {
  const { op, ref, edited, deleted, erased } = (message.$log ?? {}) as MessageLog;
  if (deleted && !op)
    return plain(`(deleted by ${deleted.user_id}${deleted.reason ? `: ${deleted.reason}` : ""})`);
  const marks = [
    op ? `(${op} of #${ref})` : ref !== undefined && `(to #${ref})`,
    erased ? "(erased)" : wordsIn(message, json),
    edited && "(edited)",
  ];
  return marks.filter(Boolean).join(" ");
}

/** The `text` of a message as it reads, and whatever else was sent as JSON. */
function wordsIn(message: JsonObject, json: string): string {
  const stamp = [...STAMP, timeFieldOf(message)];
  if (typeof message.text !== "string") return plain(withoutMembers(json, new Set(stamp)));
  const rest = withoutMembers(json, new Set([...stamp, "text"]));
  return plain(/^\{\s*\}$/.test(rest) ? message.text : `${message.text}  ${rest}`);
}

/** The id of a stored message, by its JSON. */
export function idOf(text: string): number {
  const message: unknown = JSON.parse(text);
  return isJsonObject(message) ? Number(message.msg_id) : 0;
}
