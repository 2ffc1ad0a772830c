import { describe, expect, test } from "vitest";
import { badFrames } from "./corpus/bad-frames.ts";
import { badHandshakes } from "./corpus/bad-handshakes.ts";
import { jsonCases } from "./corpus/json-cases.ts";
import { realHome } from "./frame/homes.ts";
import { run } from "./frame/run.ts";
import { fuzzers } from "./fuzzers/index.ts";
import { parsed } from "./fuzzers/json-texts.ts";
import { LIMITS } from "./fuzzers/raw-frames.ts";
import { said } from "./fuzzers/rfc6455.ts";
import { faultOfUpgrade } from "./fuzzers/upgrade-rules.ts";

/** Of each fuzzer in each run of the tests, after what is written by hand, in seconds. */
const SECONDS = 2;

test.each(fuzzers)("nothing is found by $name", { timeout: 60_000 }, async (fuzzer) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await run(fuzzer, { seconds: SECONDS, seed, home: realHome(fuzzer) });
  expect(report.failure).toBeUndefined();
  expect(report.cases).toBeGreaterThan(0);
});

describe("what is written by hand agrees with the judges", () => {
  test("[M7] cases of JSON", () => {
    for (const { text, isJson } of jsonCases)
      expect([text, parsed(text) !== undefined]).toEqual([text, isJson]);
  });

  test.each(badFrames)("[T3] $what: $code", ({ bytes, code }) => {
    const last = said(bytes, LIMITS).at(-1);
    // What ends with 4500 is sound by RFC 6455.
    expect(last).toEqual(
      code === 4500 ? { kind: "text", text: expect.any(String) } : { kind: "broken", code },
    );
  });

  test.each(badHandshakes)("[T2] $what", ({ bytes }) => {
    expect(faultOfUpgrade(bytes)).toBeDefined();
  });
});
