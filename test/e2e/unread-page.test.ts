import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";

test("[M19] [M20] the example of docs/unread.md does what it says, and again in the same room", async () => {
  const page = readFileSync(new URL("../../docs/unread.md", import.meta.url), "utf8");
  const [, code] = /```js\n([\s\S]*?)```/.exec(page) as unknown as [string, string];
  const { url } = await startChildServer(dataDirectory());
  // Below the repository, where its import resolves.
  const file = fileURLToPath(new URL("../../node_modules/.cache/unread.mjs", import.meta.url));
  onTestFinished(() => rmSync(file));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code.replaceAll("ws://127.0.0.1:9010/", url));
  const run = () => {
    const options = { encoding: "utf8", timeout: 20_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", file], options);
    return { status, stdout, stderr };
  };
  const said = (read: number) => `team: 2 unread, 1 for you\nbob has read up to ${read}\nteam: 0 unread\n`;
  expect(run()).toEqual({ status: 0, stderr: "", stdout: said(2) });
  expect(run()).toEqual({ status: 0, stderr: "", stdout: said(4) });
});
