import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { CLI, environment } from "../support/cli.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");

interface Example {
  readonly command: string;
  readonly output: string;
}

/** The commands of the page and what it says they print, in their order. */
function examples(): Example[] {
  const blocks = Array.from(PAGE.matchAll(/```console\n(.*?)```/gs), ([, block = ""]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((example) => {
        const [command = "", ...lines] = example.split("\n");
        return { command, output: lines.join("\n") };
      }),
  );
}

/** Without what is different each time. */
function lasting(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
    .replace(/\d\d:\d\d:\d\d \(\d+ (s|min) ago\)/g, "TIME")
    .replace(/("timestmap"|"iat"|"exp"):\d+/g, "$1:N")
    .replace(/[0-9a-f]{64}/g, "DIGEST")
    .replace(/(127\.0\.0\.1):\d+/g, "$1:PORT");
}

/** Runs the commands in one shell, which tells them apart by a mark. */
async function outputs(commands: readonly string[], env: Record<string, string>): Promise<string[]> {
  const MARK = "=====";
  const script = commands.map((command) => `${command}\nbefore=$?; echo ${MARK}; (exit $before)\n`).join("");
  const stdout = await new Promise<string>((resolve) => {
    const options = { env: environment(env), cwd: env.DATA, timeout: 100_000 };
    execFile("sh", ["-c", `exec 2>&1\n${script}`], options, (_error, said) => resolve(said));
  });
  return stdout.split(`${MARK}\n`).slice(0, -1);
}

test("every example of docs/cli.md prints what stands there", async () => {
  const [DATA, USERS, place] = [dataDirectory(), dataDirectory(), dataDirectory()];
  const { url } = await serverForTest({ data: DATA });
  mkdirSync(join(place, "bin"));
  symlinkSync(CLI, join(place, "bin/roomlog"));
  symlinkSync(process.execPath, join(place, "bin/node"));
  const CONFIG = join(place, "roomlog.yaml");
  writeFileSync(
    CONFIG,
    `authenticators:
  - kind: jwt
    issuer: https://school.example
    audience: roomlog
    rights_claim: rights
    keys: [{ algorithm: HS256, secret: a-secret-of-sixteen-characters }]
`,
  );
  const PATH = `${join(place, "bin")}:${process.env.PATH}`;
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann", DATA, USERS, CONFIG, PATH };
  const all = examples();
  const got = await outputs(
    all.map(({ command }) => command),
    env,
  );
  expect(all.length).toBeGreaterThan(20);
  for (const [i, { command, output }] of all.entries()) {
    const expected = output.replaceAll("$USERS", USERS).replaceAll("$CONFIG", CONFIG);
    const measured = (text: string) =>
      command.startsWith("roomlog bench") ? text.replace(/\t[\d.]+/g, "\tN") : lasting(text);
    expect(`$ ${command}\n${measured(got[i] ?? "")}`).toBe(`$ ${command}\n${measured(expected)}`);
  }
}, 120_000);

test("docs/cli.md has a section and a place in its table for each command, and each exit code there is", async () => {
  const { exitCodes } = await import("../../packages/server/src/cli/exit.ts");
  const documented = Array.from(PAGE.matchAll(/^\| (\d+) \|/gm), ([, code]) => Number(code));
  expect(documented).toEqual(Object.values(exitCodes));
  const [, help] = await new Promise<[unknown, string]>((resolve) => {
    execFile(process.execPath, [CLI, "--help"], (error, stdout) => resolve([error, stdout]));
  });
  const commands = Array.from(help.matchAll(/^ {2}([a-z]+) /gm), ([, name = ""]) => name);
  expect(commands).toContain("serve");
  for (const name of commands.filter((name) => name !== "help")) {
    expect(PAGE).toContain(`\n## ${name}\n`);
    expect(PAGE).toMatch(new RegExp(`^\\|.*\\[\`${name}\`\\]\\(#${name}\\).*\\|$`, "m"));
  }
});
