/**
 * Roomlog in a few seconds: a real server, real clients, one room.
 *
 *   npm run demo
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@roomlog/protocol";
import { createServer, type Server } from "roomlog";
import { Participant } from "./demo/participant.ts";
import { type Mark, Table } from "./demo/table.ts";

/** Nothing here takes longer, unless it is broken. */
const deadline = AbortSignal.timeout(20_000);
const ann = new Participant("ann", deadline);
const bob = new Participant("bob", deadline);
const cleo = new Participant("cleo", deadline);
const dan = new Participant("dan", deadline);
const everybody = [ann, bob, cleo, dan];

const table = new Table(everybody);
const data = mkdtempSync(join(tmpdir(), "roomlog-demo-"));
let server: Server | undefined;

try {
  table.title("Roomlog", "stores what is said in a room, numbers it, and hands it to everyone");
  await start();
  await enter(ann, bob, cleo);
  await ann.createRoom();
  await table.scene("Everyone gets every message", "a message is any JSON object");
  await say(ann, { text: "Good morning! Can we ship on Friday?" });
  await say(bob, { text: "The tests are green, so I think yes." });
  await say(cleo, { hand: "up" });
  await say(ann, { poll: "Ship on Friday?" });
  await say(bob, { vote: "yes" });

  await cleo.disconnect();
  await table.scene("cleo loses her connection", "the others go on");
  await say(ann, { text: "Cleo has dropped out." });
  await say(bob, { text: "She will read this when she is back." });

  await enter(cleo);
  await catchUp(cleo, "cleo is back: what did she miss?");

  await stop();
  await start();
  await enter(ann, bob, cleo);
  await table.scene("The server was stopped and started again", "nothing is lost");
  await say(cleo, { vote: "no", why: "holiday" });

  await dan.connect(url());
  await catchUp(dan, "dan is late: what was said?");
  for (const { log } of everybody) assert.deepEqual(log, dan.log);
  table.end(`All four have the same ${dan.log.length} messages, in the same order.`);
} finally {
  await stop();
  rmSync(data, { recursive: true, force: true });
}

async function start(): Promise<void> {
  server = await createServer({ port: 0, data });
}

async function stop(): Promise<void> {
  await server?.close();
  for (const one of everybody) await one.disconnect();
}

function url(): string {
  return server?.urls[0] ?? "";
}

async function enter(...people: readonly Participant[]): Promise<void> {
  for (const one of people) {
    await one.connect(url());
    await one.listen();
  }
}

/** Somebody sends a message; everyone who is there waits until it has arrived. */
async function say(author: Participant, msg: JsonObject): Promise<void> {
  await author.say(msg);
  const message = await author.receive();
  const arrival = async (one: Participant): Promise<Mark> => {
    if (!one.isOnline) return "missed";
    if (one !== author) assert.deepEqual(await one.receive(), message);
    return "live";
  };
  await table.row(message, everybody.map(arrival));
}

async function catchUp(reader: Participant, title: string): Promise<void> {
  await table.scene(title, `msglog_get {"after":${reader.lastId}}`);
  const marks = everybody.map((one): Mark => (one === reader ? "read" : "none"));
  for (const message of await reader.catchUp()) await table.row(message, marks);
}
