import { csv } from "./csv.ts";
import { html } from "./html.ts";
import { srt, vtt } from "./subtitles.ts";
import { txt } from "./txt.ts";
import type { Extract, Style, Writer } from "./writer.ts";

/** A format of transcripts (M25). */
interface FormatOf {
  readonly type: string;
  /** Undefined: the messages as they are stored. */
  readonly writer?: (extract: Extract, style: Style) => Writer;
  /** What is looked up beside the messages. */
  readonly shows?: { readonly quotes?: true; readonly reactions?: true };
  /** Whether only messages since the recording began are wanted. */
  readonly timed?: true;
}

const table = {
  jsonl: { type: "application/x-ndjson" },
  csv: { type: "text/csv; charset=utf-8; header=present", writer: () => csv() },
  html: { type: "text/html; charset=utf-8", writer: html, shows: { quotes: true, reactions: true } },
  txt: { type: "text/plain; charset=utf-8", writer: txt, shows: { quotes: true } },
  vtt: { type: "text/vtt; charset=utf-8", writer: (_extract, style) => vtt(style), timed: true },
  srt: { type: "application/x-subrip; charset=utf-8", writer: (_extract, style) => srt(style), timed: true },
} as const satisfies Readonly<Record<string, FormatOf>>;

export type Format = keyof typeof table;

export const formats: Readonly<Record<Format, FormatOf>> = table;

export const FORMATS = Object.keys(table) as readonly Format[];

export function isFormat(name: string): name is Format {
  return Object.hasOwn(table, name);
}
