import { rmSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { Fuzzer } from "./frame/fuzzer.ts";
import { twinHome } from "./frame/homes.ts";
import { run } from "./frame/run.ts";
import { fuzzers } from "./fuzzers/index.ts";
import { twins } from "./twins.ts";

/** Found out in a second or two; a machine that is busy takes longer. */
const LIMIT = { seconds: 60, timeout: 80_000 };

test.each(Object.entries(twins))(
  "a broken twin is found out: it %s",
  { timeout: LIMIT.timeout },
  async (_, { fuzzer: name, patches, found }) => {
    const fuzzer = fuzzers.find((fuzzer) => fuzzer.name === name) as Fuzzer;
    const home = twinHome(fuzzer, patches);
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const seed = Math.floor(Math.random() * 2 ** 31);
    const report = await run(fuzzer, { seconds: LIMIT.seconds, seed, home, isQuick: true });
    expect(report.failure?.message).toMatch(found);
  },
);

test("each fuzzer has a twin", () => {
  const found = new Set(Object.values(twins).map(({ fuzzer }) => fuzzer));
  expect(found).toEqual(new Set(fuzzers.map(({ name }) => name)));
});
