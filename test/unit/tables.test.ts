import { readdirSync, readFileSync } from "node:fs";
import { closeCodes, errorTexts, readingCommands } from "@roomlog/protocol";
import { commands } from "@roomlog/protocol/commands";
import { expect, test } from "vitest";
import { configurationPage } from "../../scripts/configuration.ts";
import { rightsPage } from "../../scripts/rights.ts";

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

/** `304101 Message too large` pairs in a text. */
function codesIn(text: string): Map<number, string> {
  return new Map(
    [...text.matchAll(/\b([13]0[0-9]{4}) ([^,;()]+?)(?=[,;.(\n]|$)/g)].map(([, code, name]) => [
      Number(code),
      (name as string).trim(),
    ]),
  );
}

test("the error table and the documents name the same codes with the same texts", () => {
  const original =
    read("docs/reference/original-behaviour.md").split("## 9.")[1]?.split("; anything else")[0] ?? "";
  const added =
    (read("docs/PROTOCOL.md").split("## Errors")[1] ?? "").split("Added:")[1]?.replace(/\s+/g, " ") ?? "";
  const documented = new Map([...codesIn(original), ...codesIn(added)]);
  documented.set(304105, "Log not available");
  expect(new Map([...documented].sort(([a], [b]) => a - b))).toEqual(
    new Map(Object.entries(errorTexts).map(([code, text]) => [Number(code), text])),
  );
});

test("[T3] the close codes are those of the rule", () => {
  const rule = read("docs/PROTOCOL.md").split("- T3")[1]?.split("- T4")[0] ?? "";
  const codes = [...rule.matchAll(/\b(1\d{3}|4\d{3})\b/g)].map(([code]) => Number(code));
  const ranges = [4499, 4999];
  expect(new Set(Object.values(closeCodes) as number[])).toEqual(
    new Set(codes.filter((code) => !ranges.includes(code))),
  );
});

test("the commands that clients repeat are those of the table that read", () => {
  const reading = Object.entries(commands).filter(([, command]) => "reads" in command);
  expect([...readingCommands].sort()).toEqual(reading.map(([name]) => name).sort());
});

test("every command of the table has its file in the services", () => {
  const files = ["core", "room", "msglog", "webhooks"].flatMap((service) =>
    readdirSync(new URL(`../../packages/server/src/services/${service}`, import.meta.url)),
  );
  for (const name of Object.keys(commands)) {
    const [cls, subclass, cmd] = name.split("/") as [string, string, string];
    expect(files).toContain(cls === "core" ? `${subclass}_${cmd}.ts` : `${cmd.replace("msglog_", "")}.ts`);
  }
});

test("every rule that a test names is a rule of docs/PROTOCOL.md", () => {
  const rules = new Set([...read("docs/PROTOCOL.md").matchAll(/^- ([A-Z]\d+) /gm)].map(([, rule]) => rule));
  const tests = ["unit", "contract", "e2e"].flatMap((folder) =>
    readdirSync(new URL(`../${folder}`, import.meta.url)).map((file) => read(`test/${folder}/${file}`)),
  );
  const named = tests.flatMap((text) => [...text.matchAll(/\[([A-Z]\d+(?:, [A-Z]\d+)*)\]/g)]);
  for (const rule of named.flatMap(([, list]) => (list as string).split(", "))) expect(rules).toContain(rule);
});

test("docs/configuration.md is what the schema says (npm run docs)", () => {
  expect(read("docs/configuration.md")).toBe(configurationPage());
});

test("docs/rights.md is what the command table says (npm run docs)", () => {
  expect(read("docs/rights.md")).toBe(rightsPage());
});
