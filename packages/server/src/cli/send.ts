import type { RoomInfo } from "@roomlog/protocol";
import { type Command, Option } from "commander";
import { attempt, Failure } from "./failure.ts";
import { wholeNumber } from "./numbers.ts";
import { type Look, lookOf, remark, say, sayJson } from "./output.ts";
import { progress } from "./progress.ts";
import { type Outcome, Sender } from "./sender.ts";
import { type Line, linesOf, messageIn } from "./stdin-messages.ts";
import { type Target, withTarget } from "./target.ts";

interface Flags extends Target {
  readonly create?: true;
  readonly class: RoomInfo["class"];
  readonly text?: true;
  readonly inFlight?: number;
  readonly json?: true;
}

/** Sends side by side where no rates are to be expected: to a server that runs open (L7). */
const IN_FLIGHT = 256;

export function define(command: Command): void {
  withTarget(command)
    .description("Send to a room: text, a JSON object as it is, or with - (or nothing) each line of stdin.")
    .argument("<room>")
    .argument("[message...]")
    .option("--create", "make the room when it is not there")
    .addOption(
      new Option("--class <class>", "of the room that is made")
        .choices(["chat", "sfu", "mcu"])
        .default("chat"),
    )
    .option("--text", "take JSON for text too")
    .option(
      "--in-flight <number>",
      `lines sent side by side (default: ${IN_FLIGHT}; with a password or token 1, since a rate that refuses one of several changes their order)`,
      wholeNumber(1, IN_FLIGHT),
    )
    .option("--json", "the ids as JSON")
    .action((room_id: string, words: string[], flags: Flags) =>
      attempt(() => send(room_id, words.length > 0 ? words.join(" ") : "-", flags)),
    );
}

async function send(room_id: string, message: string, flags: Flags): Promise<void> {
  const { create, class: cls, text } = flags;
  const jsonOf = (line: string, place: string) =>
    text ? JSON.stringify({ text: line }) : messageIn(line, place);
  // In a script it is a variable that is not set, and stdin may be the rest of the script.
  if (message === "") throw new Failure("usage", "the message is empty: give a text, or - to read stdin");
  const stdin = message === "-";
  if (stdin && [flags.passwordFile, flags.tokenFile].includes("-"))
    throw new Failure(
      "usage",
      "stdin has the messages: give the password or token by a file or the environment",
    );
  const single = stdin ? undefined : jsonOf(message, "the message");
  await Sender.run({ target: flags, room_id, create: create && cls }, async (sender) => {
    if (single === undefined)
      await sendLines(sender, (line) => jsonOf(line.text, `line ${line.number} of stdin`), flags);
    else for (const outcome of await sender.send([single])) tell([idOf(outcome)], flags);
  });
}

async function sendLines(sender: Sender, jsonOf: (line: Line) => string, flags: Flags): Promise<void> {
  if (process.stdin.isTTY) remark("A message a line; Ctrl-D ends.");
  const done = progress("messages");
  const most = flags.inFlight ?? (isKnown(flags) ? 1 : IN_FLIGHT);
  let [sent, last, late] = [0, 0, 0];
  try {
    for await (const lines of linesOf(process.stdin.setEncoding("utf8"))) {
      for (let i = 0; i < lines.length; i += most) {
        const { good, fault } = readable(lines.slice(i, i + most), jsonOf);
        const outcomes = await sender.send(good);
        const ids = outcomes.flatMap((outcome) => ("msg_id" in outcome ? [outcome.msg_id] : []));
        for (const id of ids) {
          if (id < last) late += 1;
          last = Math.max(last, id);
        }
        sent += ids.length;
        if (!process.stdout.isTTY) done.at(sent);
        tell(ids, flags);
        const refused = refusedOf(lines.slice(i, i + most), outcomes) ?? fault;
        if (refused) throw refused;
      }
    }
  } finally {
    done.end();
  }
  if (late > 0)
    process.stderr.write(
      `roomlog: the server refused ${late} messages at first, so they stand behind later ones\n`,
    );
}

/** The messages of lines, up to the first that is none. */
function readable(lines: readonly Line[], jsonOf: (line: Line) => string) {
  const good: string[] = [];
  try {
    for (const line of lines) good.push(jsonOf(line));
    return { good };
  } catch (fault) {
    return { good, fault: fault as Error };
  }
}

/** Which lines were refused, and what became of the others: so that who mends them knows where to go on. */
function refusedOf(lines: readonly Line[], outcomes: readonly Outcome[]): Error | undefined {
  const refused = lines.filter((_, i) => "why" in (outcomes[i] ?? {}));
  const [why] = outcomes.flatMap((outcome) => ("why" in outcome ? [outcome.why] : []));
  if (!(why instanceof Failure)) return why;
  const numbers = refused.map(({ number }) => number);
  const end = lines[outcomes.length - 1]?.number ?? 0;
  const others =
    end > 1 && numbers.length < end ? `; of the ${end} lines up to here all others are stored` : "";
  const inFull = (sentence: string) =>
    `line ${numbers.join(", ")} of stdin: ${sentence}${others}; what follows was not sent`;
  const fuller = async () => inFull(await why.fuller());
  return new Failure(why.ending, inFull(why.message), { cause: why.cause, fuller });
}

function idOf(outcome: Outcome): number {
  if ("why" in outcome) throw outcome.why;
  return outcome.msg_id;
}

function isKnown({ password, passwordFile, token, tokenFile }: Flags): boolean {
  return [password, passwordFile, token, tokenFile].some((secret) => secret !== undefined);
}

function tell(ids: readonly number[], flags: Flags): void {
  const look: Look = lookOf(flags);
  if (look === "json") for (const msg_id of ids) sayJson({ msg_id });
  else if (ids.length > 0) say(ids.map((id) => (look === "pretty" ? `sent #${id}` : id)).join("\n"));
}
