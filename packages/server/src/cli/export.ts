import { extname } from "node:path";
import type { Filter } from "@roomlog/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { Calendar } from "../transcript/calendar.ts";
import { FORMATS, type Format, isFormat } from "../transcript/formats.ts";
import { pour } from "../transcript/pour.ts";
import { type Asked, transcript } from "../transcript/transcript.ts";
import { Draft } from "./draft.ts";
import { attempt, Failure } from "./failure.ts";
import { shownLines } from "./output.ts";
import { progress } from "./progress.ts";
import { type Source, withSourceOf } from "./source.ts";
import { type Place, withSource } from "./target.ts";
import { momentOf } from "./when.ts";
import { filterIn } from "./where.ts";

interface Flags extends Place {
  readonly format?: Format;
  readonly out?: string;
  readonly from?: number;
  readonly to?: number;
  readonly epoch?: string;
  readonly where?: Filter;
  readonly recordingStart?: number;
  readonly textField?: string;
  readonly timeZone?: Calendar;
  readonly versions?: true;
  readonly nonText?: true;
}

export function define(command: Command): void {
  withSource(command)
    .description(
      "Write the log of a room as a transcript: to read, for a spreadsheet, as subtitles, or to import it again.",
    )
    .argument("<room>")
    .addOption(
      new Option(
        "--format <format>",
        "how it is written (default: as FILE ends; jsonl without an ending)",
      ).choices(FORMATS),
    )
    .option("--out <file>", "write there, in place of what is there; it appears when it is whole")
    .option("--from <time>", 'only from then on: ISO 8601, µs since 1970, or "10m ago"', momentOf)
    .option("--to <time>", "only before then", momentOf)
    .option("--where <filter>", 'only messages like this, as {"/lang":"de"} (docs/filters.md)', filterIn)
    .option("--epoch <epoch>", 'another life of the room, "last" for the newest that has ended')
    .option(
      "--recording-start <time>",
      "vtt, srt: when the recording began (default: with the first message)",
      momentOf,
    )
    .option("--text-field <name>", "the field that is the text of a message (default: text, body or msg)")
    .option("--time-zone <zone>", "txt, html: as Europe/Berlin (default: UTC)", calendarOf)
    .option(
      "--versions",
      "jsonl: also the former wordings of edited messages, and what you may read of deleted ones",
    )
    .option("--non-text", "vtt, srt: also messages that are not text")
    .action((room: string, flags: Flags) =>
      attempt(() => {
        const asked = askedOf(room, flags);
        return withSourceOf(flags, (source) => exportTo(flags.out, source, asked));
      }),
    );
}

function askedOf(room_id: string, flags: Flags): Asked {
  const { out = "", format = formatOf(out), from: from_time, to: to_time, epoch, where, versions } = flags;
  const {
    recordingStart: recording_start,
    textField: text_field,
    timeZone: calendar,
    nonText: non_text,
  } = flags;
  return {
    format,
    room_id,
    epoch,
    where,
    from_time,
    to_time,
    recording_start,
    versions,
    text_field,
    calendar,
    non_text,
  };
}

/** What the name of a file says; jsonl when it says nothing. */
function formatOf(out: string): Format {
  const ending = extname(out).slice(1).toLowerCase();
  if (ending === "") return "jsonl";
  if (isFormat(ending)) return ending;
  throw new Failure(
    "usage",
    `${out}: there is no format ${ending}, name one with --format: ${FORMATS.join(", ")}`,
  );
}

function calendarOf(zone: string): Calendar {
  try {
    return new Calendar(zone);
  } catch {
    throw new InvalidArgumentError("Write it as Europe/Berlin or UTC.");
  }
}

async function exportTo(out: string | undefined, source: Source, asked: Asked): Promise<void> {
  const line = progress("messages");
  const isQuiet = out === undefined && process.stdout.isTTY;
  const service = await source.service();
  const texts = transcript(source, { ...asked, service }, isQuiet ? undefined : line.at);
  try {
    if (out === undefined) await pour(forStdout(texts), process.stdout);
    else await write(out, texts);
  } finally {
    line.end();
  }
}

async function* forStdout(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts) yield shownLines(text);
}

async function write(out: string, texts: AsyncIterable<string>): Promise<void> {
  const draft = await Draft.open(out);
  try {
    await pour(texts, draft.stream);
    await draft.finish();
  } catch (error) {
    draft.discard();
    throw error instanceof Failure || !(error instanceof Error && "syscall" in error)
      ? error
      : new Failure("storage", `${out} cannot be written: ${error.message}`, { cause: error });
  }
}
