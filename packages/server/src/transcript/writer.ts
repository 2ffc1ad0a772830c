import type { Filter } from "@roomlog/protocol";
import type { Calendar } from "./calendar.ts";
import type { Said } from "./said.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a transcript is of. */
export interface Extract {
  /** Undefined when nobody can say. */
  readonly service: string | undefined;
  readonly room_id: string;
  readonly epoch: string;
  /** Of the first and the last message that was asked for; `first_id` is `last_id + 1` when there are none. */
  readonly first_id: number;
  readonly last_id: number;
  /** Of the first message, and of the last one; µs since 1970. Undefined when there are none. */
  readonly first_time: number | undefined;
  readonly last_time: number | undefined;
  /** What a service calls the time of a message (M2). */
  readonly time_field: string;
  /** Undefined: everything in that range. */
  readonly where: Filter | undefined;
  /** Whether edited messages have all their wordings (M15). */
  readonly versions: boolean;
}

/** How it is to look. */
export interface Style {
  readonly calendar: Calendar;
  /** Where the recording begins, to which subtitles are relative; µs since 1970. */
  readonly recording_start: number;
  /** Whether subtitles also show messages that are not text. */
  readonly non_text: boolean;
}

/** A transcript in the making: texts that follow one another. */
export interface Writer {
  head(): string;
  page(messages: readonly Said[], surroundings: Surroundings): string;
  tail(): string;
}
