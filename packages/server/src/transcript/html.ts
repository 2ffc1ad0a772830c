import { createHash } from "node:crypto";
import type { Calendar, Moment } from "./calendar.ts";
import { HUES, STYLE } from "./html-style.ts";
import type { Said } from "./said.ts";
import { clean, excerpt, isMessage } from "./shown.ts";
import type { Reaction, Surroundings } from "./surroundings.ts";
import type { Extract, Style, Writer } from "./writer.ts";

/** Messages of one user that follow one another in that time stand under his name once; µs. */
const TOGETHER_US = 300_000_000;

/** Characters of what somebody replies to, and names that are said of a reaction. */
const QUOTE = 140;
const NAMES = 20;

/** Nothing runs and nothing is loaded, whatever the messages say. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'`;

/** Messages as one page that needs nothing else. */
export function html(extract: Extract, { calendar }: Style): Writer {
  let day: string | undefined;
  let before: Said | undefined;
  const hasPlace = (said: Said | undefined) => said !== undefined && isWritten(said, extract);
  const write = (said: Said, surroundings: Surroundings): string => {
    const at = calendar.at(said.time);
    const heading = at.day === day ? "" : dayOf(at.day, calendar.heading(at.day), day !== undefined);
    const goesOn = heading === "" && isTogether(before, said);
    day = at.day;
    before = said;
    return `${heading}${article(said, { at, goesOn, surroundings, hasPlace })}`;
  };
  return {
    head: () => headOf(extract, aboutOf(extract, calendar)),
    page: (messages, surroundings) =>
      messages
        .filter(isMessage)
        // A reaction stands beneath what it is about.
        .filter(
          ({ reaction, log }) => reaction === undefined || !hasPlace(surroundings.quoted.get(log.ref ?? 0)),
        )
        .map((said) => write(said, surroundings))
        .join(""),
    tail: () => `${day === undefined ? "" : "</section>\n"}</main>\n</body>\n</html>\n`,
  };
}

/** Whether what others refer to surely stands in the transcript, by itself. */
function isWritten(said: Said, { first_id, where }: Extract): boolean {
  return where === undefined && said.msg_id >= first_id && isMessage(said) && said.reaction === undefined;
}

function isTogether(before: Said | undefined, { user_id, time }: Said): boolean {
  return before?.user_id === user_id && time - before.time < TOGETHER_US;
}

function aboutOf({ first_time, last_time }: Extract, calendar: Calendar): string {
  if (first_time === undefined || last_time === undefined) return "No messages";
  const [from, to] = [calendar.at(first_time), calendar.at(last_time)];
  const end = to.day === from.day ? to.clock : `${to.day} ${to.clock}`;
  return `${from.day} ${from.clock} – ${end} · ${calendar.zone}`;
}

function headOf({ room_id }: Extract, about: string): string {
  const title = escaped(clean(room_id));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1><bdi>${title}</bdi></h1><p class="about">${escaped(about)}</p></header>
<main>
`;
}

function dayOf(day: string, heading: string, isNext: boolean): string {
  return `${isNext ? "</section>\n" : ""}<section>\n<h2><time datetime="${day}">${heading}</time></h2>\n`;
}

interface Place {
  readonly at: Moment;
  /** Whether the name stands above already. */
  readonly goesOn: boolean;
  readonly surroundings: Surroundings;
  /** Whether there is something to lead to. */
  readonly hasPlace: (said: Said) => boolean;
}

function article(said: Said, { at, goesOn, surroundings, hasPlace }: Place): string {
  const { msg_id, user_id, log } = said;
  const reactions = said.reaction === undefined ? surroundings.reactions.get(msg_id) : undefined;
  const name = goesOn ? "" : `<span class="who" dir="auto">${escaped(clean(user_id))}</span> `;
  const note = log.edited && !log.deleted && !log.erased ? ' <span class="note">edited</span>' : "";
  const time = `<a class="at" href="#m${msg_id}">${at.clock}</a>`;
  const parts = [
    `<div class="by">${name}${time}${note}</div>`,
    quoteOf(said, surroundings, hasPlace),
    bodyOf(said),
    reactionsOf(reactions ?? []),
  ];
  return `<article id="m${msg_id}" class="h${hueOf(user_id)}${goesOn ? "" : " new"}">${parts.join("")}</article>\n`;
}

function quoteOf(
  { log: { ref, deleted } }: Said,
  { quoted }: Surroundings,
  hasPlace: Place["hasPlace"],
): string {
  const to = ref === undefined || deleted ? undefined : quoted.get(ref);
  if (!to) return "";
  const { msg_id, user_id } = to;
  const who = `<span class="who h${hueOf(user_id)}" dir="auto">${escaped(clean(user_id))}</span>`;
  const words = `${who} ${escaped(excerpt(to, QUOTE))}`;
  const shown = hasPlace(to) ? `<a href="#m${msg_id}">${words}</a>` : words;
  return `<blockquote dir="auto">${shown}</blockquote>`;
}

function bodyOf({ text, json, reaction, log: { deleted, erased } }: Said): string {
  if (deleted) {
    const because = deleted.reason === undefined ? "" : `: ${clean(deleted.reason)}`;
    return `<p class="note" dir="auto">${escaped(`Deleted by ${clean(deleted.user_id)}${because}`)}</p>`;
  }
  if (erased) return '<p class="note">Erased</p>';
  const shown = text ?? reaction;
  return shown === undefined
    ? `<pre>${escaped(clean(json))}</pre>`
    : `<p dir="auto">${linked(clean(shown))}</p>`;
}

function reactionsOf(reactions: readonly Reaction[]): string {
  if (reactions.length === 0) return "";
  const items = reactions.map(({ key, user_ids }) => {
    const names = Array.from(user_ids).slice(0, NAMES).join(", ");
    const title = escaped(clean(user_ids.size > NAMES ? `${names} …` : names));
    return `<li title="${title}"><bdi>${escaped(clean(key))}</bdi> ${user_ids.size}</li>`;
  });
  return `<ul>${items.join("")}</ul>`;
}

const ADDRESS = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]/g;

/** Text with its addresses as links. */
function linked(text: string): string {
  let html = "";
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    html += `${escaped(text.slice(end, index))}<a href="${escaped(address)}" rel="noreferrer nofollow">${escaped(address)}</a>`;
    end = index + address.length;
  }
  return html + escaped(text.slice(end));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** The same colour for a user in every transcript. */
function hueOf(user_id: string): number {
  let hash = 0;
  for (const character of user_id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % HUES;
}
