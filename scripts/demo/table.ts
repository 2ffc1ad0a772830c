import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters, styleText } from "node:util";
import { reservedNames, type StoredMessage } from "@roomlog/protocol";

type Style = Parameters<typeof styleText>[0];

/** A column: whose it is, and whether they are connected now. */
export interface Column {
  readonly name: string;
  readonly isOnline: boolean;
}

/** How somebody got a message. */
const MARKS = { live: "●", read: "○", missed: "·", none: " " } as const;
export type Mark = keyof typeof MARKS;

const STYLES: readonly Style[] = ["cyan", "green", "magenta", "yellow"];
/** What is said beside a message that is not text. */
const PHRASES: Record<string, string> = { hand: "raises a hand", poll: "asks for votes", vote: "votes" };
/** Columns on the screen. */
const WIDTH = { id: 4, author: 6, phrase: 16, left: 60, mark: 6 } as const;
/** For the eye; without a terminal there are none. */
const PAUSE_MS = { scene: 250, row: 60 } as const;

/** Prints a log as it grows: number, author, message, and a mark for each participant who has it. */
export class Table {
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  title(name: string, text: string): void {
    const { live, read, missed } = MARKS;
    const legend = `${live} has arrived   ${read} was read from the log   ${missed} not there`;
    print(`\n  ${styleText("bold", name)} ${text}\n  ${styleText("dim", legend)}\n`);
  }

  /** What happens now, a note to it, and who is there. */
  async scene(text: string, note: string): Promise<void> {
    const heading = `${styleText("bold", text)}  ${styleText("dim", note)}`;
    const names = this.#columns.map(({ name, isOnline }) =>
      padded(styleText(isOnline ? this.#style(name) : "dim", name), WIDTH.mark),
    );
    print(`\n  ${padded(heading, WIDTH.left)}${names.join("").trimEnd()}\n`);
    await pause(PAUSE_MS.scene);
  }

  /** A message; each mark is printed as soon as it is known. */
  async row(message: StoredMessage, marks: readonly (Mark | Promise<Mark>)[]): Promise<void> {
    const id = padded(styleText("dim", String(message.msg_id).padStart(2)), WIDTH.id);
    const author = padded(styleText(this.#style(message.user_id), message.user_id), WIDTH.author);
    print(`  ${padded(id + author + textOf(message), WIDTH.left)}`);
    for (const [i, mark] of marks.entries()) print(this.#mark(await mark, this.#columns[i]?.name));
    print("\n");
    await pause(PAUSE_MS.row);
  }

  end(text: string): void {
    print(`\n  ${styleText("green", "✓")} ${styleText("bold", text)}\n\n`);
  }

  #mark(mark: Mark, name = ""): string {
    const style = mark === "missed" ? "dim" : this.#style(name);
    return padded(` ${styleText(style, MARKS[mark])}`, WIDTH.mark);
  }

  #style(name: string): Style {
    return STYLES[this.#columns.findIndex((column) => column.name === name)] ?? "reset";
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

/** A text as it is; anything else as a phrase, and its JSON without the fields of the server. */
function textOf(message: StoredMessage): string {
  if (typeof message.text === "string") return message.text;
  const own = Object.entries(message).filter(([key]) => !(reservedNames as readonly string[]).includes(key));
  const phrase = PHRASES[own[0]?.[0] ?? ""] ?? "";
  return `${phrase.padEnd(WIDTH.phrase)}${styleText("dim", JSON.stringify(Object.fromEntries(own)))}`;
}

/** Filled up to a width on the screen, where styles take no room. */
function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stripVTControlCharacters(text).length));
}

async function pause(ms: number): Promise<void> {
  if (process.stdout.isTTY) await sleep(ms);
}
