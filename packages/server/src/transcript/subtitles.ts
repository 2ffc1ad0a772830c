import type { Said } from "./said.ts";
import { clean, inLine, isMessage } from "./shown.ts";
import type { Style, Writer } from "./writer.ts";

/** A cue stands until the next one comes, within these bounds; in milliseconds. */
const LEAST_MS = 1500;
const MOST_MS = 7000;

interface Cue {
  readonly msg_id: number;
  readonly who: string;
  readonly text: string;
  /** Since the recording began, in milliseconds. */
  readonly from: number;
}

/** How a kind of subtitles writes a cue. */
interface Kind {
  readonly head: string;
  readonly cue: (cue: Cue, to: number, number: number) => string;
}

/** Messages as WebVTT. */
export function vtt(style: Style): Writer {
  return subtitles(style, {
    head: "WEBVTT\n\n",
    cue: ({ msg_id, who, text, from }, to) =>
      `${msg_id}\n${clockOf(from, ".")} --> ${clockOf(to, ".")}\n<v ${escaped(who)}>${escaped(`${who}: ${text}`)}</v>\n\n`,
  });
}

/** Messages as SubRip. */
export function srt(style: Style): Writer {
  return subtitles(style, {
    head: "",
    cue: ({ who, text, from }, to, number) =>
      `${number}\n${clockOf(from, ",")} --> ${clockOf(to, ",")}\n${kept(`${who}: ${text}`)}\n\n`,
  });
}

function subtitles({ recording_start, non_text }: Style, { head, cue }: Kind): Writer {
  let waiting: Cue | undefined;
  let number = 0;
  /** What waits ends when the next one comes. */
  const write = (next?: Cue): string => {
    const one = waiting;
    waiting = next;
    if (!one) return "";
    const shown = Math.min(Math.max((next?.from ?? Number.POSITIVE_INFINITY) - one.from, LEAST_MS), MOST_MS);
    number += 1;
    return cue(one, one.from + shown, number);
  };
  return {
    head: () => head,
    page: (messages) =>
      messages
        .filter(isMessage)
        .map((said) => cueOf(said, recording_start, non_text))
        .map((next) => (next ? write(next) : ""))
        .join(""),
    tail: () => write(),
  };
}

/** Undefined for what is not shown: what was before the recording, what was deleted or erased, and what has no text. */
function cueOf(
  { msg_id, user_id, time, text, json, log }: Said,
  start: number,
  non_text: boolean,
): Cue | undefined {
  const says = linesOf(text ?? (non_text ? json : ""));
  if (time < start || log.deleted || log.erased || says === "") return undefined;
  return { msg_id, who: inLine(user_id), text: says, from: Math.floor((time - start) / 1000) };
}

/** An empty line would end the cue. */
function linesOf(text: string): string {
  return clean(text)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** As text of WebVTT, of which `-->` and `<` are no part. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** SubRip has no escapes: what players take for a tag or an arrow is parted by a space that is not seen. */
function kept(text: string): string {
  return text.replace(/--(?=>)|<(?=[/a-z])|\{(?=[\\/a-z])/gi, "$&\u200b");
}

/** `01:02:03.456` */
function clockOf(ms: number, point: string): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map(two).join(":");
  return `${clock}${point}${String(ms % 1000).padStart(3, "0")}`;
}
