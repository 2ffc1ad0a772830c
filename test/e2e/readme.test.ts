import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

test("the README's JavaScript does what it says", async () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme) as unknown as [string, string];
  const { url } = await startChildServer(dataDirectory());
  const file = join(dataDirectory(), "hello.mjs");
  writeFileSync(file, code.replace("ws://127.0.0.1:9010/", url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: "utf8",
    timeout: 10_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^sent \{ msg_id: 1 \}$/m);
  expect(stdout).toMatch(/event msglog_new_msg \{\s+text: 'hello',\s+msg_id: 1,\s+user_id: 'ann'/);
  expect(stdout).toMatch(/log \[\s+\{\s+text: 'hello',\s+msg_id: 1/);
});

test("the README's TypeScript does what it says", async () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) as unknown as [string, string];
  const { url } = await startChildServer(dataDirectory());
  // Below the repository, where its import resolves.
  const file = fileURLToPath(new URL("../../node_modules/.cache/hello.mjs", import.meta.url));
  onTestFinished(() => rmSync(file));
  mkdirSync(dirname(file), { recursive: true });
  const script = stripTypeScriptTypes(code).replace("ws://127.0.0.1:9010/", url);
  writeFileSync(file, script.replace('=== "bye"', '=== "hello"'));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", file], {
    encoding: "utf8",
    timeout: 10_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toBe("1 ann hello\n");
});

test("the README's links lead to files", () => {
  const links = [...readme.replace(/```[\s\S]*?```/g, "").matchAll(/\]\(([^):]+)\)/g)].map(
    ([, target]) => target as string,
  );
  expect(links.length).toBeGreaterThan(5);
  for (const link of links)
    expect(() => readFileSync(new URL(`../../${link}`, import.meta.url)), link).not.toThrow("ENOENT");
});
