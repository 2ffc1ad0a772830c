import { isJsonObject } from "@roomlog/protocol";
import { expect } from "../frame/fuzzer.ts";

/** An answer as it stands on the wire; `body` is undefined where it is not known to be whole. */
interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string | undefined;
}

/** What the server never says: that it made an error, or that something it asks did not answer. */
const NEVER: readonly number[] = [500, 502, 504];

/**
 * What has to hold for whatever was written: answers of HTTP, none that is an error of the server, JSON that says what is
 * wrong, and nothing of the interface for who did not say who he is (H2).
 */
export function judgeAnswers(written: string, text: string, credentials: readonly string[]): void {
  const answers = written.includes("HEAD") ? headsIn(text) : answersIn(text);
  const isKnown = credentials.some((one) => written.includes(one));
  for (const answer of answers) {
    const { status, head } = answer;
    expect(!NEVER.includes(status), () => `answered ${status}: ${text.slice(0, 500)}`);
    if (/^content-type: application\/json/im.test(head)) judgeJson(answer, isKnown);
    if (/^content-type: text\/event-stream/im.test(head)) expect(isKnown, "events without credentials");
  }
}

function judgeJson({ status, body }: Answer, isKnown: boolean): void {
  if (body === undefined) return;
  const value = parsed(body);
  expect(value !== undefined, () => `the body is no JSON: ${body.slice(0, 200)}`);
  const error = isJsonObject(value) && value.result === "error" ? value.data : value;
  const isSaid = isJsonObject(error) && typeof error.error === "string";
  if (status >= 400) return expect(isSaid, () => `${status} without a word: ${body.slice(0, 200)}`);
  const isPublic = isJsonObject(value) && value.openapi !== undefined;
  expect(isKnown || isPublic, () => `answered without credentials: ${body.slice(0, 200)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bodies of HEAD are not sent, and which answer belongs to which request nobody says. */
function headsIn(text: string): Answer[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) .*$/gm)].map(([head, status]) => ({
    status: Number(status),
    head,
    body: undefined,
  }));
}

function answersIn(text: string): Answer[] {
  const all: Answer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n\r\n", at);
    const head = text.slice(at, end < 0 ? undefined : end);
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? [];
    expect(status !== undefined, () => `not an answer of HTTP: ${head.slice(0, 200)}`);
    const { body, next } = end < 0 ? { body: undefined, next: text.length } : bodyAt(text, end + 4, head);
    all.push({ status: Number(status), head, body });
    at = next;
  }
  return all;
}

function bodyAt(text: string, from: number, head: string): { body: string | undefined; next: number } {
  if (/^HTTP\/1\.1 (1\d\d|204|304) /.test(head)) return { body: undefined, next: from };
  if (/^transfer-encoding: chunked/im.test(head)) return chunksAt(text, from);
  const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
  if (length === undefined) return { body: undefined, next: text.length };
  const next = from + Number(length);
  return { body: next <= text.length ? text.slice(from, next) : undefined, next };
}

function chunksAt(text: string, from: number): { body: string | undefined; next: number } {
  let body = "";
  for (let at = from; ; ) {
    const [line, size] = /^([\da-f]+)\r\n/i.exec(text.slice(at, at + 20)) ?? [];
    if (line === undefined || size === undefined) return { body: undefined, next: text.length };
    const length = Number.parseInt(size, 16);
    const begin = at + line.length;
    body += text.slice(begin, begin + length);
    at = begin + length + 2;
    if (length === 0) return { body, next: at };
  }
}
