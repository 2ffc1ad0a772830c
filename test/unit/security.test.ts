import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every test that SECURITY.md names is there", () => {
  const rows = readFileSync("SECURITY.md", "utf8").matchAll(/^\|.*\|([^|]+)\|$/gm);
  const named = Array.from(rows, ([, tests = ""]) =>
    Array.from(tests.matchAll(/`([^`]+)`/g), ([, name]) => name),
  );
  const files = named.flat().map((name = "") => (name.includes("/") ? name : `test/e2e/${name}`));
  expect(files.length).toBeGreaterThan(30);
  const missing = files.filter((file) => !existsSync(file) && !existsSync(`${file}.test.ts`));
  expect(missing).toEqual([]);
});
