import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = ["protocol", "client", "server"];
const MINUTES = 60_000;

/** A directory that has installed the packages, and nothing of the checkout but the libraries that they name. */
const app = mkdtempSync(join(tmpdir(), "roomlog-installed-"));
afterAll(() => rmSync(app, { recursive: true, force: true }));

beforeAll(() => {
  writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }');
  for (const name of PACKAGES) install(join(ROOT, "packages", name));
}, 2 * MINUTES);

/** As npm would, from the tarball that would be published; libraries are linked, so no network is needed. */
function install(source: string): void {
  const { name, dependencies = {}, bin = {} } = manifestIn(source);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", app], { cwd: source, stdio: "pipe" });
  const tarball = join(app, `${name.replace("@", "").replace("/", "-")}-${manifestIn(source).version}.tgz`);
  const target = join(app, "node_modules", name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const others = Object.keys(dependencies).filter((one) => !/^(@roomlog\/|roomlog$)/.test(one));
  for (const one of others) link(join(ROOT, "node_modules", one), join(app, "node_modules", one));
  for (const [command, file] of Object.entries(bin))
    link(join(target, file), join(app, "node_modules/.bin", command));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly bin?: Record<string, string>;
}

function manifestIn(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function node(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: app, encoding: "utf8", stdio: "pipe" });
}

function program(text: string): string {
  writeFileSync(join(app, "program.ts"), text);
  return node("program.ts");
}

test("roomlog --version, of what was installed", () => {
  const { version } = manifestIn(join(ROOT, "packages/server"));
  expect(node("node_modules/.bin/roomlog", "--version")).toBe(`${version}\n`);
});

test("import { createServer } from roomlog, a client that talks to it, and a backup", () => {
  const printed = program(`
    import { Connection } from "@roomlog/client";
    import { createServer } from "roomlog";
    await using server = await createServer({ port: 0, data: "data" });
    const client = await Connection.connect(server.urls[0]);
    await client.call("core/user/login", { user: "ann" });
    await client.call("media/room/create", { class: "chat", room_id: "r" });
    const { msg_id } = await client.call("media/room/msglog_send", { room_id: "r", msg: { text: "hello" } });
    const { status } = await server.metrics();
    console.log(msg_id, status);
    client.close();
  `);
  expect(printed).toBe("1 200\n");
  expect(node("node_modules/.bin/roomlog", "backup", "copy")).toContain("1 room, 1 message,");
});

test("the doors for plugins and stores, and the protocol alone", () => {
  const printed = program(`
    import { commands } from "@roomlog/protocol/commands";
    import { errorText } from "@roomlog/protocol";
    import { definePlugin } from "roomlog/plugin";
    console.log(definePlugin({ name: "x", setup: () => ({}) }).name, "core/user/login" in commands, errorText(304001));
  `);
  expect(printed).toMatch(/^x true \S/);
});
