import { classify } from "@roomlog/protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { depthOf, memberText } from "../../packages/server/src/core/json-text.ts";
import { usualRequest } from "../../packages/server/src/core/usual-request.ts";
import { jsonObjectText, jsonValueText } from "../support/json-text-arbitrary.ts";

const runs = { numRuns: Number(process.env.RUNS ?? 2000) };
const MAX_DEPTH = 5;

/** Fails unless the quick way leaves the text alone or finds in it what `JSON.parse` does. */
function judge(text: string): boolean {
  const usual = usualRequest(text, MAX_DEPTH);
  if (!usual) return false;
  const { class: cls, subclass, cmd, data, tid } = usual;
  expect(classify(JSON.parse(text))).toEqual({
    kind: "request",
    class: cls,
    subclass,
    cmd,
    data,
    tid: JSON.parse(tid),
  });
  expect(tid).toBe(memberText(text, "tid"));
  expect(depthOf(text)).toBeLessThanOrEqual(MAX_DEPTH);
  const whole = memberText(text, "data");
  for (const key of Object.keys(data)) expect(usual.raw(key)).toBe(memberText(whole as string, key));
  return true;
}

/** Objects without escapes, as most are. */
const plainObject = fc
  .object({
    key: fc.stringMatching(/^[a-z]{0,3}$/),
    values: [
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.stringMatching(/^[a-z{}[\],: \u00e9]*$/),
    ],
    maxDepth: 4,
  })
  .map((value) => JSON.stringify(value));
const anyObject = fc.oneof({ weight: 4, arbitrary: plainObject }, jsonObjectText);

const frame = (data: string, tid = "1") =>
  `{"class":"media","subclass":"room","cmd":"msglog_send","data":${data},"tid":${tid}}`;

describe("[F1] The quick way of usual requests", () => {
  test.each([
    frame('{"room_id":"r1","msg":{"text":"hi \u00e9 \u{1f600}"}}'),
    frame('{"msg":{"a":[1,-0.5,1e9,2E+3,true,false,null,[],{}]}}', '"t-1"'),
    frame("{}", '{"my":["tid"]}'),
    '{ "cmd" : "ping" , "class" : "core" , "tid" : null , "other" : [ 1 ] } ',
  ])("takes %s", (text) => {
    expect(judge(text)).toBe(true);
  });

  test.each([
    ["not JSON", frame("{,}")],
    ["not JSON", frame('{"a":01}')],
    ["not JSON", frame('{"a":1.}')],
    ["not JSON", frame('{"a":-}')],
    ["not JSON", frame('{"a":1e}')],
    ["not JSON", frame('{"a":nul}')],
    ["not JSON", frame('{"a":[1,]}')],
    ["not JSON", frame('{"a" 1}')],
    ["not JSON", frame('{"a":"b}')],
    ["not JSON", frame('{"a":"\u0001"}')],
    ["something behind it", `${frame("{}")}1`],
    ["something in front of it", `\ufeff${frame("{}")}`],
    ["cut off", frame("{}").slice(0, -1)],
    ["an escape", frame('{"a":"\\n"}')],
    ["a line break", frame('{"a":\n1}')],
    ["data that is no object", frame("[]")],
    ["a class that is no string", '{"class":1,"cmd":"a","tid":1}'],
    ["an empty name", '{"class":"","cmd":"a","tid":1}'],
    ["no tid", '{"class":"a","cmd":"a"}'],
    ["a member twice", '{"class":"a","cmd":"a","tid":1,"tid":2}'],
    ["a member of data twice", frame('{"a":1,"a":2}')],
    ["__proto__", frame('{"__proto__":1}')],
    ["a deep tid", frame("{}", "[[[[[1]]]]]")],
    ["deep data", frame('{"a":[[[[1]]]]}')],
    ["very deep data", frame(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`)],
    ["many members", frame(`{${Array.from({ length: 17 }, (_, i) => `"${i}":1`).join(",")}}`)],
  ])("leaves to the other way: %s", (_, text) => {
    expect(usualRequest(text, MAX_DEPTH)).toBeUndefined();
  });

  test("what it takes is what JSON.parse finds", () => {
    let taken = 0;
    fc.assert(
      fc.property(anyObject, jsonValueText, (data, tid) => {
        if (judge(frame(data, tid))) taken += 1;
      }),
      runs,
    );
    expect(taken).toBeGreaterThan(runs.numRuns / 10);
  });

  test("it takes nothing that JSON.parse refuses", () => {
    const piece = fc.constantFrom(...'{}[]",:\\ \n\t0123456789.-+eEtruefalsn\u0000\u001f\ufeff');
    const change = fc.record({ at: fc.nat(), piece, cut: fc.boolean() });
    fc.assert(
      fc.property(anyObject, fc.array(change, { minLength: 1, maxLength: 3 }), (data, changes) => {
        let text = frame(data);
        for (const { at, piece, cut } of changes) {
          const i = at % text.length;
          text = text.slice(0, i) + piece + text.slice(cut ? i + 1 : i);
        }
        judge(text);
      }),
      { numRuns: runs.numRuns * 5 },
    );
  });

  test("a member left out is an empty object in data, unless it is no object", () => {
    const usual = usualRequest(frame('{"a":{"b":1},"c":{"d":2}}'), MAX_DEPTH);
    expect(usual?.dataWithout("a")).toEqual({ a: {}, c: { d: 2 } });
    expect(usual?.raw("a")).toBe('{"b":1}');
    expect(usualRequest(frame('{"a":[1]}'), MAX_DEPTH)?.dataWithout("a")).toEqual({ a: [1] });
  });
});
