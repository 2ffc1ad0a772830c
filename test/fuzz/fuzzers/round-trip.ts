import { isDeepStrictEqual } from "node:util";
import { reservedNames } from "@roomlog/protocol";
import * as fc from "fast-check";
import { define, expect, Finding } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { WireClient } from "../frame/wire-client.ts";
import { isMisread, parsed, valueText, writtenTexts } from "./json-texts.ts";

const ROOM = "trip";
const MALFORMED = 4500;
/** M7, M14. */
const MAX_DEPTH = 64;
const MAX_BYTES = 65_536;

/** The texts of messages, sent in a row. */
type Input = readonly string[];

/** What UTF-8 can carry. */
const messageText = valueText.filter((text) => !isMisread(text) && text.isWellFormed());

/** The written cases, as messages and within one. */
const sent = writtenTexts.filter((text) => text.isWellFormed()).flatMap((text) => [text, `{"v":${text}}`]);
const IN_A_ROW = 32;

/** M1, M2, M7: what is sent as `msg` comes back in the event and in the page, byte by byte, or is refused. */
export const roundTrip = define<Input>({
  name: "round-trip",
  inputs: fc.array(messageText, { minLength: 1, maxLength: 8 }),
  written: Array.from({ length: Math.ceil(sent.length / IN_A_ROW) }, (_, i) =>
    sent.slice(i * IN_A_ROW, (i + 1) * IN_A_ROW),
  ),
  batch: 60,
  async open(home) {
    let trip: Trip | undefined;
    return ServerTarget.open<Input>(home, async (texts, url) => {
      const { client, last } = trip?.url === url ? trip : await begin(url);
      // What failed is not built upon.
      trip = undefined;
      const broken = texts.filter((text) => !isJson(frameOf(text)));
      await Promise.all(broken.map((text) => refuses(url, text)));
      trip = { url, client, last: await keeps({ url, client, last }, texts.filter(isSendable)) };
    });
  },
});

/** A connection that has subscribed to the room. */
interface Trip {
  readonly url: string;
  readonly client: WireClient;
  readonly last: number;
}

async function begin(url: string): Promise<Trip> {
  const client = await WireClient.login(url, "every");
  await client.call("media/room/create", { class: "chat", room_id: ROOM });
  const answer = await client.call("media/room/msglog_subscribe", { room_id: ROOM });
  return { url, client, last: JSON.parse(answer).data.last_id };
}

function frameOf(msg: string, tid = 1): string {
  const data = `{"room_id":"${ROOM}","msg":${msg}}`;
  return `{"class":"media","subclass":"room","cmd":"msglog_send","data":${data},"tid":${tid}}`;
}

function isJson(text: string): boolean {
  return parsed(text) !== undefined;
}

/** A text that is a value by itself; others may well change what the frame around them says. */
function isSendable(msg: string): boolean {
  return isJson(msg) && isJson(frameOf(msg));
}

/** F5: a frame that is not JSON ends the connection. One that is too deep is not looked at any further. */
async function refuses(url: string, text: string): Promise<void> {
  if (depthOf(text) >= MAX_DEPTH) return;
  const client = await WireClient.login(url, "every");
  client.send(frameOf(text));
  const { code } = await client.closed;
  await client.close();
  expect(code === MALFORMED, `what is not JSON was closed with ${code}`);
}

/** Returns the id of the last message. */
async function keeps({ client, last }: Trip, texts: readonly string[]): Promise<number> {
  client.send(...texts.map(frameOf));
  const answers = await Promise.all(texts.map((_, tid) => client.until((text) => isAnswerTo(text, tid))));
  const kept = texts.filter((text, i) => judgeAnswer(text, answers[i]));
  for (let id = 1; id <= kept.length; id++) await client.until((text) => isEventOf(text, last + id));
  const bodies = client.take().flatMap((text) => eventBody(text) ?? []);
  kept.forEach((text, i) => {
    judgeBody(text, bodies[i] ?? "", last + i + 1);
  });
  const page = await client.call("media/room/msglog_get", { room_id: ROOM, after: last });
  expect(page.startsWith(`{"result":"ok","data":[${bodies.join(",")}],"tid":`), "the page is not the events");
  return last + kept.length;
}

function isEventOf(text: string, msg_id: number): boolean {
  const own = `"msg_id":${msg_id},"user_id":`;
  return eventBody(text)?.includes(own) ?? false;
}

function isAnswerTo(text: string, tid: number): boolean {
  return text.startsWith('{"result":') && text.endsWith(`,"tid":${tid}}`);
}

/** Whether it was stored, as it should have been. */
function judgeAnswer(text: string, answer: string | undefined): boolean {
  if (answer === undefined) throw new Finding(`the connection ended over the message ${text}`);
  const { result, data } = JSON.parse(answer);
  const value = parsed(text)?.value;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const code = !isObject || depthOf(text) > MAX_DEPTH ? 100044 : 304101;
  const isLegal = code === 304101 && Buffer.byteLength(text.trim()) <= MAX_BYTES;
  expect((result === "ok") === isLegal, `${isLegal ? "refused" : "stored"}: ${answer}`);
  expect(isLegal || data.code === code, `expected ${code}, got ${answer}`);
  return isLegal;
}

/** `{"class":"core","cmd":"event","data":{…,"body":BODY},"tid":N}` */
function eventBody(text: string): string | undefined {
  return /^\{"class":"core","cmd":"event","data":\{[^{}]*"type":"msglog_new_msg"[^{}]*"body":(.*)\},"tid":\d+\}$/s.exec(
    text,
  )?.[1];
}

function judgeBody(sent: string, body: string, msg_id: number): void {
  const value = parsed(sent)?.value as object;
  const keys = Object.keys(value);
  const stamp = `"msg_id":${msg_id},"user_id":"every","session_id":`;
  if (!keys.some((key) => (reservedNames as readonly string[]).includes(key))) {
    const head = keys.length === 0 ? "{" : `${sent.slice(0, sent.lastIndexOf("}")).trimStart()},`;
    return expect(body.startsWith(head + stamp), `sent ${sent}, got ${body}`);
  }
  const { user_id, session_id, timestmap, ...got } = JSON.parse(body);
  const {
    msg_id: _,
    user_id: _u,
    session_id: _s,
    timestmap: _t,
    $log: _l,
    ...rest
  } = value as Record<string, unknown>;
  expect(
    user_id === "every" && Number.isSafeInteger(timestmap),
    `the server's fields are not its own: ${body}`,
  );
  expect(isDeepStrictEqual(got, { ...rest, msg_id }), `sent ${sent}, got ${body}`);
}

/** Nesting outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [mark] of text.replace(/"(?:[^"\\]|\\.)*"/gs, "").matchAll(/[[\]{}]/g)) {
    depth += mark === "[" || mark === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
