import { isJsonObject } from "@roomlog/protocol";
import { Failure } from "./failure.ts";

/** UTF-16 units of a line; a server takes far less. */
const LONGEST_LINE = 16 * 1_048_576;

/** The JSON text of the message that a line or an argument stands for: an object as it is, anything else as `{text}`. */
export function messageIn(line: string, place: string): string {
  if (!line.trimStart().startsWith("{")) return JSON.stringify({ text: line });
  try {
    if (isJsonObject(JSON.parse(line))) return line.trim();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Failure("data", `${place} is no JSON object (${why}); --text sends it as text`, { cause });
  }
  return JSON.stringify({ text: line });
}

/** The lines of an input as they come, in groups of those that came together; empty ones are left out. */
export async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<Line[]> {
  let begun = "";
  let number = 0;
  for await (const chunk of input) {
    const parts = (begun + chunk).split("\n");
    begun = parts.pop() ?? "";
    if (begun.length > LONGEST_LINE)
      throw new Failure("data", `line ${number + parts.length + 1} has no end`);
    yield parts.map((text) => lineOf(text, ++number)).filter(({ text }) => text !== "");
  }
  if (begun !== "") yield [lineOf(begun, number + 1)];
}

export interface Line {
  readonly text: string;
  /** From 1 on. */
  readonly number: number;
}

function lineOf(text: string, number: number): Line {
  return { text: text.replace(/\r$/, ""), number };
}
