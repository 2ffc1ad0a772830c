/**
 * The client library, in Node and in Chromium, while its connections are cut, stalled and lost, and its server is killed
 * and stopped again and again; each cycle is one such fault.
 *
 *     node --conditions=source test/fault/client.ts --cycles 20 [--seed N] [--twin NAME]
 *
 * Every iterator gives every message once and in order, every send is stored once and in order. `--twin` runs a
 * broken client: a proof that the program can fail.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "@roomlog/client";
import { lacksChromium } from "../support/chromium.ts";
import { inSeconds, SECRET, token } from "../support/tokens.ts";
import { Way } from "../support/way.ts";
import { bundleClient } from "./client/bundle.ts";
import { Trouble } from "./client/faults.ts";
import { judgeVisit } from "./client/judge.ts";
import { visitInPage } from "./client/page.ts";
import { type ClientTwin, clientTwins } from "./client/twins.ts";
import { type Given, type TokenFor, type Visit, type Visitor, visit } from "./client/visit.ts";
import { listTwins, readOptions } from "./frame/options.ts";
import { Run } from "./frame/run.ts";
import { realServer } from "./frame/twins.ts";
import { within } from "./frame/within.ts";

const CYCLES = 20;
/** Enough for a twin to be found out by the fault that shows it. */
const TWIN_CYCLES = 6;
const ROOM = "hall";
const PACE_MS = 20;
const SILENT_MS = 500;
/** A login ends meanwhile, and takes its connection along (L12). */
const TOKEN_SECONDS = 5;
const MOST_WAITING = 30;
const LONGEST_REST_MS = 1200;
/** One fault in so many comes while the last one is still felt. */
const IN_A_ROW = 5;
const BACK_LIMIT_MS = 10_000;
const LEVEL_LIMIT_MS = 30_000;
const TWIN_LEVEL_LIMIT_MS = 10_000;

const CONFIG = {
  authenticators: [
    {
      kind: "jwt",
      issuer: "faults",
      audience: "roomlog",
      rights_claim: "rights",
      keys: [{ algorithm: "HS256", secret: SECRET }],
    },
  ],
};
const tokenFor: TokenFor = (user) =>
  token({ iss: "faults", aud: "roomlog", sub: user, rights: ["*"], exp: inSeconds(TOKEN_SECONDS) });

const options = readOptions();
if (options.twin === "list") listTwins(clientTwins);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
const lacking = lacksChromium();
if (lacking !== undefined) {
  console.log(`SKIP client: ${lacking}`);
  process.exit(process.env.CI ? 1 : 0);
}
const names = options.twin === "all" ? Object.keys(clientTwins) : options.twin ? [options.twin] : [];
let isWell = true;
if (names.length === 0) isWell = (await problemsOf("client", CYCLES)).length === 0;
for (const name of names) isWell = (await isFoundOut(name)) && isWell;
process.exit(isWell ? 0 : 1);

async function isFoundOut(name: string): Promise<boolean> {
  const twin = clientTwins[name];
  if (!twin) throw new Error(`--twin: all, or one of ${Object.keys(clientTwins).join(", ")}`);
  const problems = await problemsOf(`client-${name}`, TWIN_CYCLES, twin);
  const isFound = problems.some((problem) => twin.found.test(problem));
  console.log(isFound ? "found out" : `NOT found out: nothing like ${twin.found}; this run proves nothing`);
  return isFound;
}

/** Runs the program once and says what came of it. */
async function problemsOf(name: string, cycles: number, twin?: ClientTwin): Promise<string[]> {
  const run = new Run({ name, main: realServer, cycles: options.cycles ?? cycles, seed: options.seed });
  const problems = await work(run, twin).catch((error: Error) => [error.stack ?? String(error)]);
  const figures = Array.from(run.figures, ([figure, value]) => `${figure} ${value}`);
  console.log(`${run.title}\n${figures.join(", ")}`);
  for (const problem of problems) console.log(`fault: ${problem}`);
  if (problems.length > 0 && !twin) {
    run.keep();
    console.log(`evidence: ${run.directory}`);
  }
  return problems;
}

async function work(run: Run, twin: ClientTwin | undefined): Promise<string[]> {
  const client = join(run.directory, "client.mjs");
  await bundleClient(client, twin?.patches ?? []);
  const way = await Way.listen(undefined);
  const data = join(run.directory, "data");
  const { log, random } = run;
  const env = { ROOMLOG_CONFIG: join(run.directory, "roomlog.yaml") };
  writeFileSync(env.ROOMLOG_CONFIG, JSON.stringify(CONFIG));
  const trouble = new Trouble({ way, data, log, env, main: realServer, random, silent_ms: SILENT_MS });
  await trouble.start();
  const told = (user: string): Visit => ({
    url: way.url,
    user,
    room_id: ROOM,
    pace: PACE_MS,
    mostWaiting: MOST_WAITING,
    silent_ms: SILENT_MS,
  });
  const visitors = {
    node: await visit(await import(client), told("node"), tokenFor),
    chromium: await visitInPage(client, told("chromium"), tokenFor),
  };
  try {
    for (const number of run.numbers()) {
      await sleep(random.int(0, LONGEST_REST_MS));
      if (random.int(1, IN_A_ROW) > 1) await everybodyIsBack(Object.values(visitors));
      const fault = await trouble.happens(twin?.shownBy);
      run.count(fault);
      run.progress(`cycle ${number}: ${fault}`);
    }
    const limit_ms = twin ? TWIN_LEVEL_LIMIT_MS : LEVEL_LIMIT_MS;
    return await judged(run, trouble, { visitors, limit_ms });
  } finally {
    await Promise.all([visitors.node.leave(), visitors.chromium.leave()]);
    await way.close();
    await trouble.stop();
  }
}

/** So that a fault is one to everybody; it is not waited for for ever. */
async function everybodyIsBack(visitors: readonly Visitor[]): Promise<void> {
  const isBack = () => visitors.every((visitor) => visitor.glance().isOpen);
  for (let ms = 0; ms < BACK_LIMIT_MS && !isBack(); ms += 100) await sleep(100);
}

interface Seen {
  readonly visitors: Readonly<Record<"node" | "chromium", Visitor>>;
  /** They have so long to be level with the log. */
  readonly limit_ms: number;
}

/** Lets everybody finish, and compares what they saw with the log. */
async function judged(run: Run, trouble: Trouble, { visitors, limit_ms }: Seen): Promise<string[]> {
  const all = Object.entries(visitors);
  const quiet = Promise.all(all.map(([, visitor]) => visitor.quiet()));
  await within(limit_ms, quiet, "the outcome of all sends (not level)");
  const log = await readLog(trouble.url);
  const isLevel = () => all.every(([, visitor]) => visitor.glance().level >= log.length);
  for (let ms = 0; ms < limit_ms && !isLevel(); ms += 100) await sleep(100);
  const problems = isLevel() ? [] : [`not level after ${limit_ms} ms`];
  run.count("messages", log.length);
  for (const [name, visitor] of all) {
    const report = await within(limit_ms, visitor.report(), `the report of ${name} (not level)`);
    problems.push(...judgeVisit(name, report, log));
    run.count(`${name}: sends`, report.sent.length);
    run.count(`${name}: connections`, report.connections);
    if (report.connections < run.cycles / 2) problems.push(`${name}: only ${report.connections} connections`);
  }
  return problems;
}

/** The whole log, read page by page past the trouble. */
async function readLog(url: string): Promise<Given[]> {
  const connection = await Connection.connect(url);
  await connection.call("core/user/login", { token: await tokenFor("judge") });
  const log: Given[] = [];
  for (let isOver = false; !isOver; ) {
    const page = await connection.call("media/room/msglog_get", {
      room_id: ROOM,
      after: log.length,
      limit: 1000,
    });
    log.push(...page.map(({ msg_id, id }): Given => [msg_id, String(id)]));
    isOver = page.length === 0;
  }
  await connection.close();
  return log;
}
