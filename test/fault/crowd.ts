/**
 * F10: subscribers that never read, never answer, answer late or only with acks, in a crowd of others, under load.
 *
 *     node --conditions=source test/fault/crowd.ts --cycles 6 [--seed N] [--twin NAME | --plant FAULT]
 *
 * The crowd gets every message once and in order; who answers nothing is closed in time (4001); nobody is sent more
 * than a window of unanswered events; the server's memory grows by less than 1.1 MiB for each of the slow.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Reader, type ReaderOptions } from "../../bench/support/reader.ts";
import { broken } from "./frame/broken-servers.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import type { ServerProcess } from "./frame/server-process.ts";
import { login } from "./workload/connect.ts";

const CROWD = 900;
/** Enough to see that a broken server serves them wrongly. */
const CROWD_OF_TWIN = 150;
/** Of each kind of slow one. */
const SLOW = 50;
const LATE = 5;
const LATE_MS = 4500;
const WINDOW = 256;
const HALL = "hall";
const TEXT = "x".repeat(4000);
const SENDS = 40;
const SENDS_PER_SECOND = 5;
/** Five seconds, a sweep, and what a loaded machine adds (F8). */
const CLOSED_WITHIN_MS = 9000;
const MOST_MIB_EACH = 1.1;
const EVERYTHING = { class: "media", subclass: "room" };

await runProgram({
  name: "crowd",
  cycles: 6,
  cycleSeconds: 60,
  least: { acked: 10, unknown: 0 },
  logsErrors: false,
  twins: {
    "no-window": { patches: broken.noWindow, found: /unanswered events/, cycles: 1 },
    "lag-is-lost": { patches: broken.lagIsLost, found: /went wrong|poll-skip|did not get/, cycles: 1 },
    "never-closed": { patches: broken.neverClosed, found: /not closed/, cycles: 1 },
  },
  lacks: () => undefined,
  work: crowdAgainAndAgain,
});

async function crowdAgainAndAgain(run: Run): Promise<void> {
  const episode = run.episode();
  const server = await episode.start();
  const founder = await login(server.url, "founder");
  await founder.call("media/room/create", { class: "chat", room_id: HALL });
  const crowd = await followers(server.url, "crowd", run.isTwin ? CROWD_OF_TWIN : CROWD, {});
  const send = () =>
    sendToHall(() => founder.call("media/room/msglog_send", { room_id: HALL, msg: { TEXT } }));
  // The same load without the slow ones, to compare the memory with.
  const life = await episode.workload.begin(server.url);
  const without = await peakWhile(server, send());
  for (const number of run.numbers()) {
    const slow = await slowOnes(server.url, number);
    const beside = await peakWhile(server, send());
    judgeSlow(run, slow);
    run.atMost("KiB for each slow one", ((beside - without) * 1024) / slow.length);
    for (const { reader } of slow) reader.end();
    run.progress(`cycle ${number}: ${Math.round(without)} MiB without, ${Math.round(beside)} MiB beside`);
  }
  if ((run.figures.get("KiB for each slow one") ?? 0) > MOST_MIB_EACH * 1024)
    run.fault("the memory grew by more than 1.1 MiB for each slow one");
  await life.leave();
  await judgeCrowd(run, crowd, (run.cycles + 1) * SENDS);
  for (const { reader } of crowd) reader.end();
  await founder.close();
  await server.stop();
  await episode.conclude();
}

/** What a subscriber got of a room: each id has to be the one behind the last. */
interface Got {
  count: number;
  last: number;
  wrong?: string;
}

interface Follower {
  readonly kind: string;
  readonly reader: Reader;
  /** By room. */
  readonly got: ReadonlyMap<string, Got>;
}

async function followers(
  url: string,
  kind: string,
  count: number,
  options: Partial<ReaderOptions>,
): Promise<Follower[]> {
  const made: Follower[] = [];
  for (let n = 1; n <= count; n++) {
    const got = new Map<string, Got>();
    const onEvent = (text: string) => take(got, text);
    const user = `${kind} ${n}`;
    made.push({ kind, got, reader: await Reader.connect(url, { user, room_id: HALL, onEvent, ...options }) });
  }
  return made;
}

function take(got: Map<string, Got>, text: string): void {
  const [, room = ""] = /"obj_id":"([^"]+)"/.exec(text) ?? [];
  const [, id] = /"msg_id":(\d+),"user_id"/.exec(text) ?? [];
  if (id === undefined) return;
  const { count, last, wrong } = got.get(room) ?? { count: 0, last: Number(id) - 1 };
  const problem = Number(id) === last + 1 ? wrong : (wrong ?? `${id} after ${last}`);
  got.set(room, { count: count + 1, last: Number(id), ...(problem !== undefined && { wrong: problem }) });
}

/** They listen to everything, so that the load of the other rooms makes them lag. */
async function slowOnes(url: string, cycle: number): Promise<Follower[]> {
  const all = { pattern: EVERYTHING };
  const kinds: [kind: string, count: number, options: Partial<ReaderOptions>][] = [
    ["never reading", SLOW, all],
    ["never answering", SLOW, { ...all, answer: "nothing" }],
    ["late", LATE, { ...all, answer: LATE_MS }],
    ["acking", LATE, { ...all, answer: "ack" }],
  ];
  const made: Follower[] = [];
  for (const [kind, count, options] of kinds)
    made.push(...(await followers(url, `${kind} ${cycle}`, count, options)).map((one) => ({ ...one, kind })));
  for (const { kind, reader } of made) if (kind === "never reading") reader.stall();
  return made;
}

async function sendToHall(send: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < SENDS; n++) {
    await send();
    await sleep(1000 / SENDS_PER_SECOND);
  }
  // The last of the slow ones has been closed by now.
  await sleep(Math.max(0, CLOSED_WITHIN_MS - (SENDS * 1000) / SENDS_PER_SECOND));
}

/** The most memory that the server had, in MiB. */
async function peakWhile({ pid }: ServerProcess, work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    peak = Math.max(peak, Number(kib) / 1024);
    await sleep(100);
  }
  await over;
  return peak;
}

function judgeSlow(run: Run, slow: readonly Follower[]): void {
  for (const { kind, reader, got } of slow) {
    const isMute = kind === "never answering";
    if ((isMute || kind === "acking") && reader.events > WINDOW)
      run.fault(`${reader.events} unanswered events to somebody ${kind}`);
    if (isMute && reader.closed !== 4001) run.fault(`somebody ${kind} was not closed with 4001`);
    if ((kind === "late" || kind === "acking") && reader.closed !== undefined)
      run.fault(`somebody ${kind} was closed with ${reader.closed}`);
    for (const [room, { wrong }] of got)
      if (wrong) run.fault(`${room} went wrong for somebody ${kind}: ${wrong}`);
  }
}

async function judgeCrowd(run: Run, crowd: readonly Follower[], sends: number): Promise<void> {
  const lacks = () => crowd.filter(({ got }) => got.get(HALL)?.count !== sends || got.get(HALL)?.wrong);
  for (let wait = 0; wait < 100 && lacks().length > 0; wait++) await sleep(100);
  if (lacks().length > 0)
    run.fault(`${lacks().length} of the crowd did not get the ${sends} messages in order`);
}
