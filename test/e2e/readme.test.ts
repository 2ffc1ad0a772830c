import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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

test("the README's links lead to files", () => {
  const links = [...readme.replace(/```[\s\S]*?```/g, "").matchAll(/\]\(([^):]+)\)/g)].map(
    ([, target]) => target as string,
  );
  expect(links.length).toBeGreaterThan(5);
  for (const link of links)
    expect(() => readFileSync(new URL(`../../${link}`, import.meta.url)), link).not.toThrow("ENOENT");
});
