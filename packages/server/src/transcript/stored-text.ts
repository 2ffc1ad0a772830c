import { membersOf } from "../core/json-text.ts";

/** A stored message as readers see it (M2), taken apart as text. */
export interface StoredText {
  /** What was sent, byte by byte (M7). */
  readonly msg: string;
  /** Names of the server's fields, in their order: `msg_id`, `user_id`, `session_id`, the time, perhaps `$log`. */
  readonly stamp: readonly string[];
}

/** The server's fields stand behind what was sent; nothing of what was sent is called as they are. */
export function storedText(text: string): StoredText {
  const members = membersOf(text);
  const at = members.findIndex(({ key }) => key === "msg_id");
  const first = members[at];
  if (!first) return { msg: text, stamp: [] };
  const msg = at === 0 ? "{}" : `${text.slice(0, text.lastIndexOf(",", first.from))}}`;
  return { msg, stamp: members.slice(at).map(({ key }) => key) };
}

const LINE_ENDS = /[\r\n]/g;
const LOG = ',"$log":{';

/**
 * A stored message as one line. Line ends can only stand between the parts of its JSON; they become spaces, and where
 * they were is noted in `$log.breaks`: an offset each, negative for a carriage return.
 */
export function oneLine(text: string): string {
  const breaks = Array.from(text.matchAll(LINE_ENDS), ({ index, 0: end }) => (end === "\n" ? index : -index));
  if (breaks.length === 0) return text;
  const line = text.replace(LINE_ENDS, " ");
  const noted = `"breaks":[${breaks.join(",")}]}`;
  const hasLog = storedText(line).stamp.at(-1) === "$log";
  return hasLog ? `${line.slice(0, -2)},${noted}}` : `${line.slice(0, -1)}${LOG}${noted}}`;
}

const BREAKS = /(?:,"\$log":\{|,)"breaks":\[(-?\d+(?:,-?\d+)*)\]\}\}$/;

/** What `oneLine` made a line of; undefined when `$log.breaks` says what it does not write. */
export function asStored(line: string): string | undefined {
  const noted = BREAKS.exec(line);
  if (!noted) return line;
  const [whole, offsets = ""] = noted;
  const text = `${line.slice(0, noted.index)}${whole.startsWith(LOG) ? "" : "}"}}`;
  const parts: string[] = [];
  let from = 0;
  for (const offset of offsets.split(",").map(Number)) {
    const at = Math.abs(offset);
    if (at < from || text[at] !== " ") return undefined;
    parts.push(text.slice(from, at), offset < 0 ? "\r" : "\n");
    from = at + 1;
  }
  return `${parts.join("")}${text.slice(from)}`;
}
