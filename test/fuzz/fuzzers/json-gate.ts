import { isDeepStrictEqual } from "node:util";
import { classify, type Inbound, messageText, reservedNames } from "@roomlog/protocol";
import * as fc from "fast-check";
import { built } from "../frame/built.ts";
import { define, expect } from "../frame/fuzzer.ts";
import { isMisread, mutated, parsed, valueText, writtenTexts } from "./json-texts.ts";

type JsonTextModule = typeof import("../../../packages/server/src/core/json-text.ts");
type UsualModule = typeof import("../../../packages/server/src/core/usual-request.ts");
interface Gate extends JsonTextModule, Pick<UsualModule, "usualRequest"> {}

/** As in `core/inbound.ts`: a message of 64 levels inside `data` inside the frame. */
const MAX_DEPTH = 66;
const RESERVED = new Set<string>(reservedNames);
const stamp = { msg_id: 7, user_id: 'a"\n', session_id: "s", timestmap: 1 };

const frame = fc
  .tuple(valueText, valueText, fc.constantFrom("", " ", "\n"))
  .map(([data, tid, s]) => `${s}{"class":"media",${s}"cmd":"msglog_send","data":${data},"tid":${s}${tid}}`);

/** What a received text goes through before anything is done with it, against `JSON.parse`. */
export const jsonGate = define<string>({
  name: "json-gate",
  // What was received as UTF-8 has no lone surrogates but escaped ones (T3: 1007).
  inputs: fc
    .oneof(valueText, frame, mutated(frame))
    .map((text) => text.toWellFormed())
    .filter((text) => !isMisread(text)),
  written: writtenTexts.flatMap((text) => [
    text,
    `{"class":"a","cmd":"b","data":{"a":${text}},"tid":${text}}`,
  ]),
  batch: 2000,
  async open(home) {
    const gate: Gate = {
      ...(await built<JsonTextModule>(home, "core/json-text.js")),
      ...(await built<UsualModule>(home, "core/usual-request.js")),
    };
    return {
      async check(text) {
        checkUsual(gate, text);
        checkShallow(gate, text);
        checkMembers(gate, text);
      },
      async close() {},
    };
  },
});

/** F1: the quick way takes only what is JSON, and finds in it what is there. */
function checkUsual({ usualRequest, memberText, depthOf }: Gate, text: string): void {
  const usual = usualRequest(text, MAX_DEPTH);
  if (!usual) return;
  const found = parsed(text);
  expect(found, "the quick way takes what is not JSON");
  expect(depthOf(text) <= MAX_DEPTH, "the quick way takes what is too deep");
  const inbound = classify(found.value);
  expect(inbound.kind === "request", `the quick way takes what is ${inbound.kind}`);
  for (const field of ["class", "subclass", "cmd", "data"] as const)
    expect(isDeepStrictEqual(usual[field], inbound[field]), `the quick way finds another ${field}`);
  expect(usual.tid === memberText(text, "tid"), "the quick way finds another tid");
  expect(isDeepStrictEqual(JSON.parse(usual.tid), inbound.tid), "the tid is not the text of its value");
  for (const key of Object.keys(usual.data)) {
    const raw = usual.raw(key);
    expect(raw !== undefined, `no text of ${key}`);
    expect(
      isDeepStrictEqual(JSON.parse(raw), usual.data[key]),
      `the text of ${key} is not that of its value`,
    );
  }
}

/** F5: everything else is parsed, too deep fields left out and named; only a `SyntaxError` says that it is not JSON. */
function checkShallow({ parseShallow, depthOf }: Gate, text: string): void {
  const found = parsed(text);
  const got = attempt(() => parseShallow(text, MAX_DEPTH));
  if (got instanceof Error) return expect(!found && got instanceof SyntaxError, `refused: ${got}`);
  if (depthOf(text) > MAX_DEPTH) return checkDeep(got, found);
  expect(found, "accepted what JSON.parse refuses");
  expect(isDeepStrictEqual(got, { value: found.value }), "another value than that of JSON.parse");
  const { kind, ...inbound } = classify(got.value) as Inbound & { tid?: unknown };
  if (kind !== "malformed")
    expect(!("tid" in inbound) || isIn(found.value, inbound.tid), "a tid that is not there");
}

function isIn(value: unknown, part: unknown): boolean {
  const { tid, ack } = value as { tid?: unknown; ack?: unknown };
  return isDeepStrictEqual(part, tid) || isDeepStrictEqual(part, ack);
}

function checkDeep(
  got: { readonly value: unknown; readonly deep?: string },
  found: { readonly value: unknown } | undefined,
): void {
  if (!found) return;
  const whole = found.value;
  if (Array.isArray(whole)) return expect(isDeepStrictEqual(got, { value: [] }), "a deep list is not a list");
  if (got.deep === "tid") return;
  expect(got.deep !== undefined, "what is too deep is not named");
  for (const [key, value] of Object.entries(got.value as object))
    expect(isDeepStrictEqual(value, (whole as Record<string, unknown>)[key]), `another value of ${key}`);
}

/** M2, M7: members are found, cut out and added without touching the others. */
function checkMembers({ membersOf, memberText, withoutMembers, depthOf }: Gate, text: string): void {
  const found = depthOf(text) > MAX_DEPTH ? undefined : parsed(text)?.value;
  if (typeof found !== "object" || found === null || Array.isArray(found)) return;
  const members = new Map(membersOf(text).map(({ key, start, end }) => [key, text.slice(start, end)]));
  const keys = Object.keys(found);
  expect(isDeepStrictEqual(new Set(members.keys()), new Set(keys)), "other members than those of JSON.parse");
  for (const [key, value] of Object.entries(found)) {
    expect(memberText(text, key) === members.get(key), `two texts of ${key}`);
    expect(isDeepStrictEqual(JSON.parse(members.get(key) ?? ""), value), `another value of ${key}`);
  }
  const rest = Object.entries(found).filter(([key]) => !RESERVED.has(key));
  const stored = messageText(withoutMembers(text, RESERVED), stamp, "timestmap");
  const expected = [...rest, ...Object.entries(stamp)];
  expect(isDeepStrictEqual(Object.entries(JSON.parse(stored)), expected), "another message than was sent");
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}
