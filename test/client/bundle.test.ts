import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the client is one file for browsers, of at most 10,240 bytes gzipped, that imports nothing", async () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/client-bundle.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  console.log(stdout.trim());
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const file = `${root}packages/client/dist/roomlog-client.js`;
  expect(readFileSync(file, "utf8")).not.toMatch(/\bimport\b\s*[{*"'(]/);
  expect(Object.keys(await import(file))).toContain("Client");
});

test("it depends on the protocol and nothing else", () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}packages/client/package.json`, "utf8"));
  expect(Object.keys(dependencies)).toEqual(["@roomlog/protocol"]);
});
