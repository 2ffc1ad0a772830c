import { createReadStream } from "node:fs";
import { type Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import { type ImportedLife, LifeImport } from "../store/sqlite/import.ts";
import { MOST_ID } from "../store/store.ts";
import type { Header } from "../transcript/jsonl.ts";
import { entryIn, headerIn, type Parsed, Unfit } from "../transcript/parsed.ts";
import { withDataDirectory } from "./data-directory.ts";
import { attempt, Failure } from "./failure.ts";
import { Proof } from "./import-proof.ts";
import { Wordings } from "./import-wordings.ts";
import { howMany, lookOf, say, sayJson } from "./output.ts";
import { progress } from "./progress.ts";
import { type Line, linesOf } from "./stdin-messages.ts";

interface Flags {
  readonly config?: string;
  readonly data?: string;
  readonly room?: string;
  readonly service?: string;
  readonly class: ImportedLife["class"];
  readonly ended?: true;
  readonly json?: true;
}

/** What was imported. */
interface Imported {
  readonly service: string;
  readonly room_id: string;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly ended: boolean;
}

export function define(command: Command): void {
  withDataDirectory(command.argument("<file>", "a transcript in jsonl, - for stdin"))
    .option("--room <id>", "under another id")
    .option("--service <name>", "in another service of the data directory")
    .addOption(
      new Option("--class <class>", "what the room is for").choices(["chat", "sfu", "mcu"]).default("chat"),
    )
    .option("--ended", "as a life of the room that has ended, to be read by its epoch")
    .option("--json", "as JSON")
    .description(
      "Bring a log back from a transcript, with its ids, times and authors, into a data directory that no server uses. All of it, or nothing.",
    )
    .action((file: string, flags: Flags) => attempt(() => importFrom(file, flags), flags.config));
}

async function importFrom(file: string, { config, data: given, ...flags }: Flags): Promise<void> {
  const { data } = loadConfig(config, given === undefined ? {} : { data: given });
  const lines = each(linesOf(textIn(file)));
  const first = await lines.next();
  if (first.done) throw new Failure("data", `${file} is empty`);
  const header = fit(first.value, headerIn);
  const imported = await importLines(lines, header, { ...lifeOf(header, flags), data });
  if (flags.json) return sayJson(imported);
  const { room_id, service, first_id, last_id, epoch } = imported;
  const count = howMany(last_id - first_id + 1, "entry", "entries");
  if (lookOf(flags) === "plain") say([room_id, service, epoch, first_id, last_id].join("\t"));
  else say(`${room_id} (${service}) has ${count}, #${first_id} to #${last_id}, in the epoch ${epoch}.`);
}

function lifeOf(header: Header, { room, service, ended, class: cls }: Flags): ImportedLife {
  const now = Date.now() * 1000;
  const { room_id, epoch, first_id, base_digest, service: own = "main" } = header;
  return {
    service: service ?? own,
    room_id: room ?? room_id,
    epoch,
    class: cls,
    first_id,
    base_digest: room === undefined ? base_digest : undefined,
    created_at: now,
    destroyed_at: ended && now,
  };
}

async function importLines(
  lines: AsyncIterable<Line>,
  header: Header,
  { data, ...life }: ImportedLife & { readonly data: string },
): Promise<Imported> {
  const target = new LifeImport(data, life);
  try {
    refuseTaken(target, life);
    await addAll(lines, header, target);
    target.finish();
  } catch (error) {
    target.discard();
    throw error;
  }
  const { service, room_id, epoch, first_id, destroyed_at } = life;
  return { service, room_id, epoch, first_id, last_id: header.last_id, ended: destroyed_at !== undefined };
}

function refuseTaken(target: LifeImport, { room_id, epoch }: ImportedLife): void {
  const taken = target.begin();
  if (taken === "life")
    throw new Failure("data", `the data have this life of ${room_id} already (epoch ${epoch})`);
  if (taken === "room")
    throw new Failure(
      "data",
      `there is a room ${room_id}: --ended adds this life to those that have ended, --room names another`,
    );
}

async function addAll(lines: AsyncIterable<Line>, header: Header, target: LifeImport): Promise<void> {
  const bar = progress("entries");
  const wordings = new Wordings(header.last_id);
  const proof = new Proof(header);
  const { first_id, last_id } = header;
  if (last_id > MOST_ID)
    throw new Failure("data", `the header ends with #${last_id}: the ids of a log end with ${MOST_ID}`);
  let before: Pick<Parsed, "msg_id" | "timestmap"> = { msg_id: first_id - 1, timestmap: 0 };
  try {
    for await (const line of lines) {
      const entry = fit(line, (text) =>
        proof.proven(wordings.restored(following(entryIn(text, header), before, last_id))),
      );
      if (!target.add(entry))
        throw new Failure(
          "data",
          `line ${line.number}: what it ${entry.op ?? "refer"}s, #${entry.ref}, is no message that can be changed or referred to there`,
        );
      before = entry;
      bar.at(entry.msg_id - first_id + 1, last_id - first_id + 1);
    }
  } finally {
    bar.end();
  }
  if (before.msg_id < last_id)
    throw new Failure(
      "data",
      `the file ends with #${before.msg_id}, its header names #${last_id}: it is not whole`,
    );
  wordings.check(target.changes(), first_id);
}

/** Throws an `Unfit` for a hole, a time that falls, and what the header does not know of. */
function following(entry: Parsed, before: Pick<Parsed, "msg_id" | "timestmap">, last_id: number): Parsed {
  const { msg_id, timestmap } = entry;
  if (msg_id !== before.msg_id + 1)
    throw new Unfit(`has the msg_id ${msg_id}, expected is ${before.msg_id + 1}`);
  if (msg_id > last_id) throw new Unfit(`has the msg_id ${msg_id}, the header ends with ${last_id}`);
  if (timestmap < before.timestmap) throw new Unfit("is older than the one before it");
  return entry;
}

function fit<T>({ text, number }: Line, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof Unfit)) throw cause;
    throw new Failure("data", `line ${number} ${cause.message}`, { cause });
  }
}

async function* each(groups: AsyncIterable<Line[]>): AsyncGenerator<Line> {
  for await (const group of groups) yield* group;
}

/** A file as text, which has to be UTF-8: otherwise it would be another one. */
async function* textIn(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const bytes: AsyncIterable<Uint8Array> = file === "-" ? process.stdin : createReadStream(file);
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA")
      throw new Failure("data", `${file} is not UTF-8`, { cause });
    throw new Failure("missing", `${file} cannot be read: ${message}`, { cause });
  }
}
