/**
 * F22: tells a receiver that fails at random, while the server is killed again and again.
 *
 *     node --conditions=source test/fault/webhook.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 *
 * One webhook hears all rooms, one a single room; a reload comes in the middle of each life.
 * Each message of each room must have been taken in the end, the first time in the order of the log and without a hole.
 * What was answered with 2xx comes again only if that was just before a kill (rule W2 of the protocol).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import type { Episode } from "./frame/episode.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import { rooms } from "./workload/connect.ts";
import { SECRET, WildReceiver } from "./workload/wild-receiver.ts";

/** The room of the webhook that is told of no other. */
const ONE_ROOM = rooms[0];
const SHORTEST_LIFE_MS = 300;
const LONGEST_LIFE_MS = 1500;
/** Every fifth life is long enough for cursors that must have been written. */
const LONG_LIFE_MS = 6500;
const TELL_LIMIT_MS = 120_000;
const POLL_MS = 50;

await runProgram({
  name: "webhook",
  cycles: 20,
  cycleSeconds: 60,
  least: { acked: 10, unknown: 1 },
  logsErrors: false,
  twins: {
    "cursor-before-answer": {
      patches: broken.cursorBeforeAnswer,
      found: /^webhook: .* has a hole/,
      cycles: 2,
    },
    "no-answer-is-yes": { patches: broken.noAnswerIsYes, found: /^webhook: .* has a hole/, cycles: 2 },
    "two-at-once": { patches: broken.twoAtOnce, found: /^webhook: .* has two requests at once/, cycles: 4 },
    "cursor-not-kept": { patches: broken.cursorNotKept, found: /^webhook: .* written down/, cycles: 6 },
  },
  lacks: () => undefined,
  work: killWhileItTells,
});

async function killWhileItTells(run: Run): Promise<void> {
  const receivers = [wildReceiver(run), wildReceiver(run)] as const;
  const [ofAll, ofOne] = await Promise.all(receivers.map((receiver) => receiver.listen()));
  const hooks = [
    { name: "wild", url: ofAll },
    { name: "wild-one", url: ofOne, rooms: ONE_ROOM },
  ];
  const env = { ROOMLOG_CONFIG: configured(run, hooks, 50) };
  const episode = run.episode();
  for (const number of run.numbers()) {
    const server = await episode.start(env);
    const life = await episode.workload.begin(server.url);
    const ms = number % 5 === 0 ? LONG_LIFE_MS : run.random.int(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    await Promise.race([sleep(ms / 2), life.ended]);
    // A reload looks for rooms while requests are under way.
    configured(run, hooks, number % 2 === 0 ? 50 : 40);
    server.signal("SIGHUP");
    await Promise.race([sleep(ms / 2), life.ended]);
    await server.kill();
    await life.noticed();
    for (const receiver of receivers) receiver.serverEnded();
    const requests = receivers.map(({ counts }) => counts.requests);
    run.progress(`cycle ${number}: killed after ${ms} ms, ${requests.join(" and ")} requests`);
  }
  for (const receiver of receivers) receiver.isTame = true;
  await conclude(run, episode, { env, receivers });
  for (const receiver of receivers) receiver.close();
}

function wildReceiver(run: Run): WildReceiver {
  return new WildReceiver(run.random.fork(), (what) => run.fault(what));
}

function configured({ directory }: Run, hooks: readonly object[], max_messages: number): string {
  const file = join(directory, "roomlog.yaml");
  const same = { secret: SECRET, timeout_seconds: 3, max_retry_seconds: 0.2, max_messages };
  const webhooks = hooks.map((hook) => ({ ...hook, ...same }));
  writeFileSync(file, `services: { main: { webhooks: ${JSON.stringify(webhooks)} } }\n`);
  return file;
}

interface Told {
  readonly env: NodeJS.ProcessEnv;
  readonly receivers: readonly [WildReceiver, WildReceiver];
}

/** The last life: everything is read, and everything has been told. */
async function conclude(run: Run, episode: Episode, { env, receivers }: Told): Promise<void> {
  const server = await episode.start(env);
  const life = await episode.workload.begin(server.url);
  await life.leave();
  await episode.workload.readAll(server.url);
  const began = performance.now();
  for (const line of episode.history) {
    if (line.kind !== "final") continue;
    const last = line.messages.at(-1)?.msg_id ?? 0;
    for (const receiver of line.room === ONE_ROOM ? receivers : receivers.slice(0, 1)) {
      while (receiver.taken(line.room) < last && performance.now() - began < TELL_LIMIT_MS)
        await sleep(POLL_MS);
      const kept = line.messages.filter(({ erased }) => !erased);
      const missing = kept.filter(({ msg_id, id }) => receiver.idOf(line.room, msg_id) !== id);
      const [first] = missing;
      if (first)
        run.fault(`webhook: ${line.room} was not told ${missing.length}, the first is ${first.msg_id}`);
    }
  }
  await server.stop();
  for (const [i, { counts }] of receivers.entries())
    for (const [figure, value] of Object.entries(counts))
      run.count(i === 0 ? `webhook ${figure}` : `webhook of one room ${figure}`, value);
}
