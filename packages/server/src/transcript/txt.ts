import type { Said } from "./said.ts";
import { clean, excerpt, inLine, isMessage } from "./shown.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Extract, Style, Writer } from "./writer.ts";

/** Before the further lines of a message, so that none looks like a message of its own. */
const INDENT = "    ";

/** Characters of what somebody replies to. */
const QUOTE = 60;

/** Messages as lines to read. */
export function txt({ room_id, first_time, last_time }: Extract, { calendar }: Style): Writer {
  const at = (time: number) => {
    const { day, clock } = calendar.at(time);
    return `${day} ${clock}`;
  };
  const span =
    first_time === undefined || last_time === undefined
      ? "no messages"
      : `${at(first_time)} to ${at(last_time)}`;
  return {
    head: () => `${inLine(room_id)}, ${span}, ${calendar.zone}\n\n`,
    page: (messages, surroundings) =>
      messages
        .filter(isMessage)
        .map((said) => `${at(said.time)}  ${lineOf(said, surroundings)}\n`)
        .join(""),
    tail: () => "",
  };
}

function lineOf(said: Said, { quoted }: Surroundings): string {
  const { text, json, reaction, log } = said;
  const who = inLine(said.user_id);
  const to = log.ref === undefined ? undefined : quoted.get(log.ref);
  const about = to
    ? ` ${inLine(to.user_id)} "${excerpt(to, QUOTE)}"`
    : log.ref === undefined
      ? ""
      : ` #${log.ref}`;
  if (log.deleted) return `${who}: (deleted by ${inLine(log.deleted.user_id)}${because(log.deleted.reason)})`;
  if (log.erased) return `${who}: (erased)`;
  if (reaction !== undefined) return `${who} reacts with ${indented(reaction)} to${about}`;
  return `${who}${about && ` to${about}`}: ${indented(text ?? json)}${log.edited ? " (edited)" : ""}`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : `: ${inLine(reason)}`;
}

function indented(text: string): string {
  return clean(text).replaceAll("\n", `\n${INDENT}`);
}
