import { type Filter, timeFieldOf } from "@roomlog/protocol";
import { Calendar } from "./calendar.ts";
import { type Format, formats } from "./formats.ts";
import { headerLine } from "./jsonl.ts";
import { type PageQuery, pagesOf, type Reader } from "./reader.ts";
import { saidIn, TEXT_FIELDS } from "./said.ts";
import { oneLine } from "./stored-text.ts";
import { NOTHING, quotedBy, reactionsTo, type Surroundings } from "./surroundings.ts";
import type { Extract, Style } from "./writer.ts";

/** What is wanted of a log (M25). */
export interface Asked {
  readonly format: Format;
  readonly room_id: string;
  readonly epoch?: string | undefined;
  /** Whose room it is, for the header. */
  readonly service?: string | undefined;
  /** µs since 1970, half-open (M8) */
  readonly from_time?: number | undefined;
  readonly to_time?: number | undefined;
  /** Only messages like this (M17). */
  readonly where?: Filter | undefined;
  /** Where subtitles begin; µs since 1970. By default with the first message. */
  readonly recording_start?: number | undefined;
  /** Also all wordings of edited messages, as lines (M15). */
  readonly versions?: boolean | undefined;
  /** The field that is the text of a message. */
  readonly text_field?: string | undefined;
  /** In which days and times are written. */
  readonly calendar?: Calendar | undefined;
  readonly non_text?: boolean | undefined;
}

/** How far it is: messages that were written, and ids that there are to go through. */
type Told = (done: number, all: number) => void;

/**
 * A log as it stands when the first text is asked for, in texts that follow one another. No more than a page of it is
 * held. Rejects with what the reader rejects with.
 */
export async function* transcript(
  reader: Reader,
  asked: Asked,
  told: Told = () => {},
): AsyncGenerator<string> {
  const { format, room_id } = asked;
  const extract = await extractOf(reader, asked);
  const { epoch, first_id, last_id } = extract;
  const pages = pagesOf(reader, {
    room_id,
    epoch,
    after: first_id - 1,
    before: last_id + 1,
    ...(formats[format].shows?.reactions && { refs: true }),
    ...(extract.versions && { versions: true, digest: formats[format].writer === undefined }),
    ...(asked.where && { where: asked.where }),
  });
  const at = { room_id, epoch, at: first_id - 1 };
  const base_digest = extract.versions && !asked.where ? await reader.digest(at) : undefined;
  const writing = written(reader, asked, { ...extract, base_digest });
  yield writing.head;
  let done = 0;
  for await (const page of pages) {
    yield await writing.page(page);
    done += page.length;
    told(done, last_id - first_id + 1);
  }
  yield writing.tail();
}

/** How the texts of a format come to be. */
interface Writing {
  readonly head: string;
  page(stored: readonly string[]): string | Promise<string>;
  tail(): string;
}

function written(
  reader: Reader,
  asked: Asked,
  extract: Extract & { readonly base_digest: string | undefined },
): Writing {
  const { writer: make, shows = {} } = formats[asked.format];
  if (!make) return { head: headerLine(extract), page: linesOf, tail: () => "" };
  const { text_field, recording_start = extract.first_time ?? 0, non_text = false } = asked;
  const text_fields = text_field === undefined ? TEXT_FIELDS : [text_field];
  const style: Style = { calendar: asked.calendar ?? new Calendar("UTC"), recording_start, non_text };
  const writer = make(extract, style);
  return {
    head: writer.head(),
    async page(stored) {
      const page = stored.map((text) => saidIn(text, text_fields));
      const within = { ...extract, text_fields };
      const surroundings: Surroundings = {
        quoted: shows.quotes ? await quotedBy(page, reader, within) : NOTHING.quoted,
        reactions: shows.reactions ? await reactionsTo(page, reader, within) : NOTHING.reactions,
      };
      return writer.page(page, surroundings);
    },
    tail: () => writer.tail(),
  };
}

function linesOf(stored: readonly string[]): string {
  return stored.map((text) => `${oneLine(text)}\n`).join("");
}

/** Which messages are wanted: ids, so that what is sent meanwhile does not come and the end is known. */
async function extractOf(reader: Reader, asked: Asked): Promise<Extract> {
  const { room_id, service, where, versions = false } = asked;
  const log = await reader.log(room_id, asked.epoch);
  const { epoch } = log;
  const query = { room_id, epoch, before: log.last_id + 1, ...timesOf(asked), ...(where && { where }) };
  const first = await endOf(reader, { ...query, order: "asc" });
  const last = first && (await endOf(reader, { ...query, order: "desc" }));
  const last_id = last?.msg_id ?? log.last_id;
  return {
    service,
    room_id,
    epoch,
    first_id: first?.msg_id ?? last_id + 1,
    last_id,
    first_time: first?.time,
    last_time: last?.time,
    time_field: first?.time_field ?? "timestmap",
    versions,
    where,
  };
}

function timesOf({ format, from_time, to_time, recording_start }: Asked) {
  const start = formats[format].timed ? recording_start : undefined;
  const from = Math.max(from_time ?? 0, start ?? 0);
  return { ...(from > 0 && { from_time: from }), ...(to_time !== undefined && { to_time }) };
}

interface End {
  readonly msg_id: number;
  readonly time: number;
  readonly time_field: string;
}

async function endOf(reader: Reader, query: Omit<PageQuery, "limit">): Promise<End | undefined> {
  const [text] = await reader.page({ ...query, limit: 1 });
  if (text === undefined) return undefined;
  const { msg_id, time } = saidIn(text, []);
  return { msg_id, time, time_field: timeFieldOf(JSON.parse(text)) };
}
