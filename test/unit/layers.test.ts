import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cruise, type IReporterOutput } from "dependency-cruiser";
import { expect, onTestFinished, test } from "vitest";
import rules from "../../layers.ts";

async function violations(): Promise<string[]> {
  const { forbidden, options } = rules;
  const { output } = (await cruise(["packages/protocol/src", "packages/client/src", "packages/server/src"], {
    ...options,
    ruleSet: { forbidden },
    validate: true,
  } as never)) as IReporterOutput;
  if (typeof output === "string") throw new Error(output);
  return output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

test("imports go down the layers", async () => {
  expect(await violations()).toEqual([]);
});

const planted = [
  ["packages/server/src/core", 'import "../store/memory.ts"', "core-sees-contracts"],
  ["packages/server/src/core", 'import "ws"', "socket-library-only-in-transport"],
  ["packages/server/src/services/room", 'import "../../core/hub.ts"', "plugins-see-the-door"],
  ["packages/server/src/store", 'import "../core/hub.ts"', "stores-see-their-contract"],
  ["packages/server/src/http", 'import "../store/memory.ts"', "http-sees-core-and-contracts"],
  ["packages/protocol/src", 'import "../../client/src/index.ts"', "protocol-is-the-ground"],
  ["packages/server/src/services", 'import "@roomlog/client"', "client-only-in-the-command-line"],
  ["packages/client/src", 'import "roomlog"', "client-sees-protocol"],
] as const;

test("what does not go down is found", async () => {
  for (const [folder, code, rule] of planted) {
    const place = `${folder}/planted-${rule}`;
    onTestFinished(() => rmSync(place, { recursive: true }));
    mkdirSync(place);
    writeFileSync(`${place}/index.ts`, `${code.replace('"../', '"../../')};\n`);
  }
  const found = await violations();
  for (const [folder, , rule] of planted)
    expect(found).toContainEqual(expect.stringContaining(`${rule}: ${folder}/planted-${rule}/`));
});
