import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Replayed, Replayer } from "../../packages/server/src/cli/replayer.ts";
import { memberText } from "../../packages/server/src/core/json-text.ts";
import { roomlog, start } from "../support/cli.ts";
import { behindWay } from "../support/client.ts";
import { roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { at, recorded } from "../support/replaying.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

/** A folder with the room "r", in which `n` was sent `seconds[n - 1]` after the first; then `more` is done, a second later. */
async function folder(
  seconds: readonly number[],
  more: (room: Awaited<ReturnType<typeof recorded>>) => Promise<unknown> = async () => {},
): Promise<string> {
  const data = dataDirectory();
  const room = await recorded(seconds, { data, store: { kind: "sqlite" } });
  room.until((seconds.at(-1) ?? 0) + 1);
  await more(room);
  await room.server.close();
  return data;
}

async function running(data: string) {
  const { url } = await serverForTest({ data });
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "bob" };
  const replay = async (...args: string[]) => {
    const ended = await roomlog(["replay", "r", "--rate", "16", ...args], { env });
    return { ...ended, lines: ended.stdout.split("\n").slice(0, -1) };
  };
  return { url, env, replay };
}

const ids = (lines: readonly string[]) => lines.map((line) => Number(line.split("\t")[0]));

test("[M26] roomlog replay prints a log in its rhythm, as tail prints it, and ends with it", async () => {
  const { env, replay } = await running(await folder([0, 1, 2, 3]));
  const began = performance.now();
  const { status, stdout, stderr } = await replay();
  expect(performance.now() - began).toBeGreaterThan(3000 / 16);
  expect({ status, stderr, stdout }).toEqual(await roomlog(["tail", "r"], { env }));
  const { lines } = await replay("--json");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([1, 2, 3, 4].map((n) => ({ n, msg_id: n })));
}, 120_000);

test("[M26] roomlog replay of a part, by time, by a filter and of an ended life", async () => {
  const data = await folder([0, 1, 2, 3], async ({ reborn, send }) => {
    await reborn();
    await send({ n: 9 });
  });
  const { replay } = await running(data);
  const last = ["--epoch", "last"];
  const utc = (second: number) => new Date(at(second) / 1000).toISOString();
  expect(ids((await replay(...last, "--from", utc(1), "--until", String(at(3)))).lines)).toEqual([2, 3]);
  expect(ids((await replay(...last, "--where", '{"/n":{"in":[1,4]}}')).lines)).toEqual([1, 4]);
  expect((await replay()).lines).toEqual([expect.stringMatching(/^1\t.*\{"n":9\}$/)]);
}, 120_000);

test("[M26] roomlog replay shows messages as they are, or as they were", async () => {
  const data = await folder([0, 1], async ({ client }) => {
    await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 1, msg: { n: 11 } });
    await client.call("media/room/msglog_delete", { room_id: "r", msg_id: 2 });
  });
  const { replay } = await running(data);
  const said = async (...args: string[]) =>
    (await replay(...args)).lines.map((line) => line.split("\t").slice(3).join());
  expect(await said()).toEqual(['{"n":11} (edited)']);
  expect(await said("--as", "final")).toEqual(['{"n":11} (edited)']);
  expect(await said("--as", "then")).toEqual([
    '{"n":1}',
    '{"n":2}',
    '(edit of #1) {"n":11}',
    expect.stringContaining("(delete of #2)"),
  ]);
}, 120_000);

test("[M26] roomlog replay ends by Ctrl-C with whole lines, and by exit code with what is in the way", async () => {
  const { env, replay } = await running(await folder([0, 0, 170]));
  const child = start(["replay", "r", "--json"], { env });
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const got: string[] = [];
  for await (const line of lines) if (got.push(line) === 2) child.kill("SIGINT");
  await expect.poll(() => child.exitCode, { timeout: 10_000 }).toBe(130);
  expect(got.map((line) => JSON.parse(line).n)).toEqual([1, 2]);
  for (const rate of ["0", "17", "fast", "-1"])
    expect((await replay("--rate", rate)).stderr).toContain("It is a number from 0.25 to 16");
  expect((await replay("--as", "before")).status).toBe(64);
  expect((await replay("--epoch", "nothing")).status).toBe(66);
  expect((await roomlog(["replay", "nowhere"], { env })).status).toBe(66);
  expect((await roomlog(["replay", "r"], { env: { ROOMLOG_URL: "ws://127.0.0.1:1/" } })).status).toBe(69);
}, 120_000);

/** A replay that is printed here, over a way that can be cut. */
async function replayed(seconds: readonly number[], how: Partial<Replayed> = {}) {
  const server = await behindWay({ data: await folder(seconds) });
  const printed: number[] = [];
  const replayer = new Replayer({ room_id: "r", ...how }, (_room_id, messages) => {
    for (const message of messages) printed.push(Number(memberText(message, "msg_id")));
  });
  const ended = replayer.play({ url: server.url, user: "carl" });
  const prints = (count: number) => vi.waitFor(() => expect(printed).toHaveLength(count), 20_000);
  return { ...server, server, replayer, printed, prints, ended };
}

test("[M26] a replay goes on behind what was printed over a lost connection and a restart, and what is sent meanwhile is not of it", async () => {
  const { server, way, printed, prints, ended } = await replayed([0, 0, 16, 32, 64, 64], { rate: 16 });
  await prints(2);
  way.cut();
  await prints(3);
  await server.stop();
  await server.start();
  const dora = await RawClient.login(server.direct, "dora");
  await roomCalls(dora).send({ n: 7 });
  await ended;
  expect(printed).toEqual([1, 2, 3, 4, 5, 6]);
}, 120_000);

test("[M26] a replay that was stopped prints nothing any more, and has left the server", async () => {
  const { server, replayer, printed, prints, ended } = await replayed([0, 1, 2, 3, 4, 5], { rate: 1 });
  await prints(1);
  await replayer.stop();
  await ended;
  const stopped = printed.length;
  const { body } = await fetch(`${server.direct.replace("ws", "http")}metrics`).then(async (answer) => ({
    body: await answer.text(),
  }));
  expect(body).toMatch(/^roomlog_replays\S* 0$/m);
  expect(printed).toHaveLength(stopped);
}, 120_000);

test("[M26] a replay ends when its user may not read the log any more", async () => {
  const { server, prints, ended } = await replayed([0, 170, 170], { rate: 1 });
  await prints(1);
  const ann = await RawClient.login(server.direct, "ann");
  onTestFinished(() => void ann.close());
  const refused = expect(ended).rejects.toMatchObject({ name: "Failure", ending: "refused" });
  await ann.call("media/room/ban", { room_id: "r", user_id: "carl" });
  await refused;
}, 120_000);
