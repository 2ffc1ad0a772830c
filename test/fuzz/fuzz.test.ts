import { describe, expect, test } from "vitest";
import { jsonCases } from "./corpus/json-cases.ts";
import type { Fuzzer } from "./frame/fuzzer.ts";
import { realHome, twinHome } from "./frame/homes.ts";
import { regressions } from "./frame/regressions.ts";
import { run } from "./frame/run.ts";
import { fuzzers } from "./fuzzers/index.ts";
import { isMisread, parsed } from "./fuzzers/json-texts.ts";
import { twins } from "./twins.ts";

/** Of each fuzzer in each run of the tests, in seconds. */
const SECONDS = 2;

const seed = Math.floor(Math.random() * 2 ** 31);
const named = (name: string) => fuzzers.find((fuzzer) => fuzzer.name === name) as Fuzzer;

async function tryAll(fuzzer: Fuzzer, inputs: readonly unknown[]): Promise<void> {
  const target = await fuzzer.open(realHome(fuzzer));
  try {
    for (const input of inputs) await target.check(input);
  } finally {
    await target.close();
  }
}

describe("fuzzing", () => {
  test.each(fuzzers)("$name finds nothing in a short run", async (fuzzer) => {
    const report = await run(fuzzer, { seconds: SECONDS, seed, home: realHome(fuzzer) });
    expect(report.failure).toBeUndefined();
    expect(report.cases).toBeGreaterThan(0);
  });

  test.each(Object.entries(twins))(
    "a broken twin is found out: %s",
    async (_, { fuzzer, patches, found }) => {
      const home = twinHome(named(fuzzer), patches);
      const report = await run(named(fuzzer), { seconds: 60, seed, home, isQuick: true });
      expect(report.failure?.message).toMatch(found);
    },
  );

  test.each(regressions())("what was found once is not found again: $file", async ({ fuzzer, input }) => {
    await tryAll(named(fuzzer), [input]);
  });
});

describe("[M7] the written cases of JSON", () => {
  test("are judged by JSON.parse as they are by RFC 8259", () => {
    for (const { text, isJson } of jsonCases)
      expect([text, parsed(text) !== undefined]).toEqual([text, isJson]);
  });

  test("pass the gate, alone and in a frame", async () => {
    const texts = jsonCases.map(({ text }) => text).filter((text) => !isMisread(text));
    await tryAll(
      named("json-gate"),
      texts.flatMap((text) => [text, `{"class":"a","cmd":"b","data":{"a":${text}},"tid":${text}}`]),
    );
  });

  test("come back from a room byte by byte, or are refused", async () => {
    const texts = jsonCases.map(({ text }) => text).filter((text) => !isMisread(text) && text.isWellFormed());
    const sent = texts.flatMap((text) => [text, `{"v":${text}}`]);
    await tryAll(
      named("round-trip"),
      Array.from({ length: sent.length / 16 + 1 }, (_, i) => sent.slice(i * 16, i * 16 + 16)),
    );
  });
});
