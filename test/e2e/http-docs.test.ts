import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { httpOf } from "../support/http.ts";
import { dataDirectory } from "../support/server.ts";

const page = readFileSync(new URL("../../docs/http.md", import.meta.url), "utf8");
const code = (language: string, n = 0) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))][n]?.[1] as string;

test("[H3–H7] the curl examples of docs/http.md work as written", async () => {
  const { url } = await startChildServer(dataDirectory());
  const script = code("sh").replace("http://127.0.0.1:9010", httpOf(url));
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-e", "-c", script.replace(/^(curl -s -N.*)$/m, "$1 || true")],
    {
      encoding: "utf8",
      timeout: 15_000,
    },
  );
  expect(stderr).toBe("");
  expect(stdout).toMatch(
    /^\{"result":"ok","data":\{"room_id":"lobby"\}\}\{"msg_id":1\}\{"msg_id":2\}HTTP\/1\.1 200 OK/,
  );
  expect(stdout).toMatch(/link: .*rel="next"/);
  expect(stdout).toContain('[{"text": "hello","msg_id":1,');
  expect(stdout).toContain('[{"room_id":"lobby","class":"chat"}]');
  expect(stdout).toMatch(
    /event: subscribed\ndata: \{"epoch":.*\n\nid: 1\ndata: \{"text": "hello",.*\n\nid: 2\n/,
  );
  // The reader of docs/http.md goes on in the same room.
  const file = join(dataDirectory(), "read.mjs");
  writeFileSync(file, `const base = ${JSON.stringify(httpOf(url))};\n${code("js")}`);
  const read = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 10_000 });
  expect(read).toMatchObject({ status: 0, stdout: "2 messages\n" });
});

test("[H10] examples/embedded.ts runs, and ends in order", async () => {
  const example = fileURLToPath(new URL("../../examples/embedded.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", example, "0"], {
    cwd: dataDirectory(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const url = /ws:\/\/127\.0\.0\.1:\d+\/roomlog/.exec(line)?.[0] as string;
  expect(await (await fetch(new URL("/", httpOf(url)))).text()).toContain("My own page");
  expect((await fetch(`${httpOf(url)}/v1/rooms`)).status).toBe(200);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});
