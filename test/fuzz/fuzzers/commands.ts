import { type ErrorCode, errorTexts } from "@roomlog/protocol";
import { type CommandName, commands as table } from "@roomlog/protocol/commands";
import * as fc from "fast-check";
import { FEW_RIGHTS, SECRET } from "../frame/config.ts";
import { define, expect } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { WireClient } from "../frame/wire-client.ts";
import { type CommandFrame, commandFrames, OWN_SESSION, PEER_SESSION, ROOMS } from "./command-frames.ts";

interface Input {
  /** Who sends them; `stranger` has not logged in. */
  readonly who: "every" | "few" | "stranger";
  readonly frames: readonly CommandFrame[];
  /** How many go out in one write. */
  readonly burst: number;
}

/** No command here takes longer: what asks another asks one that answers. */
const ANSWER_LIMIT_MS = 5000;

/** No input may end in an error that the server calls its own, or in doubt. */
const NEVER: readonly ErrorCode[] = [100002, 304105];
/** Stopped by a command, which needs no right for the own session (L8); before login also too long, refused, or with a session id that is in use. */
const CLOSES: Readonly<Record<Input["who"], readonly number[]>> = {
  every: [4502],
  few: [4502],
  stranger: [1009, 4501, 4502, 4503],
};

/** A frame with more of them may be too wide (F11): 4500. */
const MOST_MARKS = 65_536;

/** What F11 counts, but in strings too. */
function marksIn(text: string): number {
  return (text.match(/[,[{]/g)?.length ?? 0) + 3 * (text.match(/:/g)?.length ?? 0);
}

/** The command table as a grammar: each request gets one answer, with its tid as it was written and a known code. */
export const commands = define<Input>({
  name: "commands",
  inputs: fc.record({
    who: fc.constantFrom("every", "every", "every", "few", "stranger"),
    frames: commandFrames,
    burst: fc.constantFrom(1, 3, 100),
  }),
  batch: 50,
  open: (home) => ServerTarget.open<Input>(home, attempt),
});

async function attempt(input: Input, url: string): Promise<void> {
  const peer = await WireClient.login(url, "every", PEER_SESSION);
  const client = await WireClient.connect(url);
  try {
    await Promise.all(
      ROOMS.slice(0, 2).map((room_id) => peer.call("media/room/create", { class: "chat", room_id })),
    );
    await play(input, client);
  } finally {
    await client.close();
    await cleanUp(url, peer);
  }
}

async function play({ who, frames, burst }: Input, client: WireClient): Promise<void> {
  if (who !== "stranger")
    await client.call("core/user/login", { user: who, password: SECRET, session_id: OWN_SESSION });
  client.take();
  for (let i = 0; i < frames.length; i += burst) {
    client.send(...frames.slice(i, i + burst).map(({ text }) => text));
    if (burst === 1) await answered(client, frames[i]?.tid ?? "");
  }
  for (const { tid } of frames) await answered(client, tid);
  // What comes twice has come by then.
  await client.call("core/core/ping").catch(() => {});
  const received = client.take();
  const close = client.isClosed ? (await client.closed).code : undefined;
  const isWide = close === 4500 && frames.some(({ text }) => marksIn(text) > MOST_MARKS);
  expect(close === undefined || isWide || CLOSES[who].includes(close), `closed with ${close}`);
  for (const frame of frames)
    judge(frame, { who, close, answers: received.filter((text) => isAnswer(text, frame.tid)) });
}

function answered(client: WireClient, tid: string): Promise<unknown> {
  return client.until((text) => isAnswer(text, tid), ANSWER_LIMIT_MS);
}

function isAnswer(text: string, tid: string): boolean {
  return text.startsWith('{"result":') && text.endsWith(`,"tid":${tid}}`);
}

/** What a case made would else add up. */
async function cleanUp(url: string, peer: WireClient): Promise<void> {
  const keeper = peer.isClosed ? await WireClient.login(url, "every") : peer;
  try {
    const rooms: readonly { room_id: string }[] = JSON.parse(await keeper.call("media/room/get_list")).data;
    await Promise.all(rooms.map(({ room_id }) => keeper.call("media/room/destroy", { room_id })));
  } finally {
    await keeper.close();
  }
}

interface Seen {
  readonly who: Input["who"];
  readonly close: number | undefined;
  readonly answers: readonly string[];
}

function judge({ text, tid }: CommandFrame, { who, close, answers }: Seen): void {
  const [answer] = answers;
  if (answer === undefined && close !== undefined) return;
  expect(answer !== undefined && answers.length === 1, `${answers.length} answers to the tid ${tid}`);
  const { result, data } = JSON.parse(answer);
  if (result === "error") return judgeError(data);
  const { class: cls, subclass, cmd, data: given } = JSON.parse(text);
  const name = `${cls}/${subclass}/${cmd}`;
  expect(Object.hasOwn(table, name), `ok for the command ${JSON.stringify(name)}, which is not there`);
  judgeOk(name as CommandName, given, who);
}

/** Errors of other sessions (C4) are theirs, but ours answer with ok alone. */
function judgeError({ code, error }: { readonly code: ErrorCode; readonly error: unknown }): void {
  expect(Object.hasOwn(errorTexts, code), `an unknown error code ${code}`);
  expect(typeof error === "string", "an error without a text");
  expect(!NEVER.includes(code), `error ${code} ${error}`);
}

/** C7, L1, L8: what is ok was valid, and allowed to whom it was done for. */
function judgeOk(name: CommandName, given: unknown, who: Input["who"]): void {
  const data = given === null || (Array.isArray(given) && given.length === 0) ? {} : given;
  expect(table[name].data.safeParse(data).success, `ok for ${name} with data that its schema refuses`);
  const { right } = table[name] as { readonly right?: string };
  // What a room says, and what one may do with oneself, is judged elsewhere.
  const isOwn = /"(room_id|session_id|user)":/.test(JSON.stringify(data));
  const isAllowed = who !== "few" || isOwn || right === undefined || FEW_RIGHTS.includes(right);
  expect(isAllowed, `ok for ${name} without the right ${right}`);
}
