import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Connection } from "@roomlog/client";
import { expect, onTestFinished, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";
import { tlsFile } from "../support/tls-socket.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = join(ROOT, "packages/server/bin/roomlog.js");
const HASH = "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA";

/** Runs the command line to its end, with a data directory of its own. */
function roomlog(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: "utf8",
    timeout: 10_000,
    env: { ...process.env, ROOMLOG_DATA: dataDirectory(), ...env },
  });
  return { status, stdout, stderr };
}

test("--help shows the commands, --version the version", () => {
  expect(roomlog(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("serve") });
  const { version } = JSON.parse(readFileSync(join(ROOT, "packages/server/package.json"), "utf8"));
  expect(roomlog(["--version"])).toMatchObject({ status: 0, stdout: `${version}\n` });
  const { stdout } = roomlog(["serve", "--help"]);
  for (const flag of ["--config", "--host", "--port", "--data"]) {
    expect(stdout).toContain(flag);
    expect(stdout).toContain(`ROOMLOG_${flag.slice(2).toUpperCase()}`);
  }
});

test.for([
  [["serve", "--prot", "1"], {}, 64, "--prot"],
  [["serve", "--port", "abc"], {}, 64, /--port.*whole number from 0 to 65535/],
  [["serve", "--port", "65536"], {}, 64, /--port.*whole number from 0 to 65535/],
  [["serve"], { ROOMLOG_PORT: "x" }, 64, /ROOMLOG_PORT.*whole number from 0 to 65535/],
  [["sreve"], {}, 64, "unknown command 'sreve'"],
  [["serve", "--host", "0.0.0.0"], {}, 78, /0\.0\.0\.0.*Configure users, or listen on 127\.0\.0\.1/],
  [["serve"], { ROOMLOG_HOST: "::" }, 78, "listen on 127.0.0.1"],
  [["serve", "--config", "/nonexistent.yaml"], {}, 78, "/nonexistent.yaml"],
  [["serve", "--data", "/etc/passwd/x"], {}, 74, /\/etc\/passwd\/x cannot be used/],
  [["serve", "--data", "/proc/x"], {}, 74, /\/proc\/x cannot be used/],
] as const)("roomlog %j %j ends with a sentence that names the flag", ([args, env, status, sentence]) => {
  const result = roomlog(args, env);
  expect(result.status).toBe(status);
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr).not.toContain("    at ");
});

test("a wrong configuration is named with file, line, setting and allowed values", () => {
  const file = join(dataDirectory(), "roomlog.yaml");
  const refused = (text: string) => {
    writeFileSync(file, text);
    const { status, stderr } = roomlog(["serve", "--config", file]);
    expect(status).toBe(78);
    return stderr;
  };
  expect(refused("port: 0\nlimits:\n  frame_bytes: 5\n")).toMatch(
    /roomlog\.yaml:3: limits\.frame_bytes: .*>=1024/,
  );
  expect(refused("port: 0\nlimits:\n  frames: 5\n")).toMatch(
    /roomlog\.yaml:3: limits\.frames: there is no such setting/,
  );
  expect(refused("log_level: loud\n")).toMatch(
    /roomlog\.yaml:1: log_level: .*"debug"\|"info"\|"warn"\|"error"/,
  );
  expect(refused("services:\n  main:\n    msglog:\n      time_field: x\n")).toMatch(
    /roomlog\.yaml:4: services\.main\.msglog\.time_field: .*"timestmap"\|"timestamp"/,
  );
  expect(refused("a: [\n")).toContain("roomlog.yaml");
  expect(refused("- 1\n")).toContain("expected object");
});

test("[L7] serve says that it runs open and prints one line when it is ready", async () => {
  const server = await startChildServer(dataDirectory());
  expect(server.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/);
  const { code, stderr } = await server.stop();
  expect(code).toBe(0);
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.slice(0, 2)).toMatchObject([
    { level: 40, msg: expect.stringContaining("open mode: no users are configured") },
    { level: 30, msg: "ready", urls: [server.url] },
  ]);
});

test("flags win over the environment, and both over the file", async () => {
  const file = join(dataDirectory(), "roomlog.yaml");
  const fromFlag = join(dataDirectory(), "flag");
  writeFileSync(file, "port: 1\ndata: /nonexistent\nlog_level: error\n");
  const { stop } = await startChildServer(fromFlag, ["--config", file]);
  expect(await stop()).toEqual({ code: 0, stderr: "" });
  expect(existsSync(join(fromFlag, "roomlog.db"))).toBe(true);
});

test.for(["SIGTERM", "SIGINT"] as const)("[T5] %s stops in order with exit code 0", async (signal) => {
  const server = await startChildServer(dataDirectory());
  const client = await Connection.connect(server.url);
  await client.call("core/user/login", { user: "ann" });
  expect(await server.stop(signal)).toMatchObject({ code: 0 });
  expect(await client.closed).toEqual({ code: 1001, reason: "the server is stopping" });
});

test("[T5] a second signal ends at once", async () => {
  const config = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(config, "limits: {drain_sessions: 1, drain_pause_ms: 60000}\n");
  const server = await startChildServer(dataDirectory(), ["--config", config]);
  const clients = [await Connection.connect(server.url), await Connection.connect(server.url)];
  process.kill(server.pid, "SIGTERM");
  await Promise.race(clients.map(({ closed }) => closed));
  // Ctrl-C under npm arrives twice at once and is one signal.
  process.kill(server.pid, "SIGTERM");
  expect(await Promise.race([server.exited, sleep(600, "running")])).toBe("running");
  expect(await server.stop("SIGTERM")).toMatchObject({ code: 143 });
});

test("a port that is taken is named", async () => {
  const server = await startChildServer(dataDirectory());
  const { port } = new URL(server.url);
  expect(roomlog(["serve", "--port", port])).toMatchObject({
    status: 78,
    stderr: expect.stringMatching(new RegExp(`port: 127\\.0\\.0\\.1:${port} is taken .*another port`)),
  });
});

test("npm start serves, and its pid is all that is needed to stop it", async () => {
  const child = spawn("npm", ["start", "--silent", "--", "--port", "0", "--data", dataDirectory()], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => {
    for (const pid of [...descendants(child.pid as number), child.pid as number]) kill(pid);
  });
  const [line] = await once(createInterface(child.stdout), "line");
  expect(line).toMatch(/^roomlog ready ws:/);
  const family = descendants(child.pid as number);
  expect(family.length).toBeGreaterThan(0);
  child.kill("SIGTERM");
  await once(child, "exit");
  for (const pid of family) expect(existsSync(`/proc/${pid}`)).toBe(false);
});

function kill(pid: number): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
}

/** The processes below one, by /proc. */
function descendants(pid: number): number[] {
  if (!existsSync(`/proc/${pid}/task/${pid}/children`)) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

test.for([
  ["20.20.2", 1],
  ["22.17.9", 1],
  ["22.18.0", 0],
  ["24.0.0", 0],
] as const)("the guard of bin, npm start and npm test on Node %s ends with %d", ([version, status]) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const name of ["start", "test"])
    expect(scripts[name]).toMatch(/^node packages\/server\/bin\/check-node\.js && /);
  const pretend = `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
  const guard = `await import("${join(ROOT, "packages/server/bin/check-node.js")}");`;
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", pretend + guard], {
    encoding: "utf8",
  });
  expect(result.status).toBe(status);
  expect(result.stderr).toEqual(
    status === 0 ? "" : expect.stringContaining("Roomlog needs Node.js 22.18 or newer"),
  );
});

const old = ["/usr/bin/node", "/usr/local/bin/node"].find((node) => {
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return /^v(1\d|20|21)\./.test(stdout ?? "");
});

test.skipIf(!old)(
  "a real Node that is too old is told what to do (skipped where the system has none)",
  () => {
    const { status, stderr } = spawnSync(old as string, [CLI, "serve"], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("Roomlog needs Node.js 22.18 or newer");
  },
);

test("config check names what is wrong without starting anything", () => {
  const file = join(dataDirectory(), "roomlog.yaml");
  const check = (text: string) => {
    writeFileSync(file, text);
    return roomlog(["config", "check", file]);
  };
  expect(check("port: 9010\n")).toEqual({ status: 0, stdout: `${file} is fine\n`, stderr: "" });
  expect(check("port: x\n")).toMatchObject({
    status: 78,
    stderr: expect.stringMatching(/roomlog\.yaml:1: port: /),
  });
  expect(check("host: 0.0.0.0\n")).toMatchObject({
    status: 78,
    stderr: expect.stringContaining("Configure users"),
  });
  expect(check("services: { main: { plugins: [nope] } }\n")).toMatchObject({
    status: 78,
    stderr: expect.stringContaining("nope"),
  });
});

test.for([
  [
    "users: [{ name: ann }]\nauthenticators: [{ name: x }]\n",
    [/:1: users\.0\.password: is missing/, /:2: authenticators\.0\.kind: /],
  ],
  [
    "authenticators:\n  - { kind: jwt, profile: livekit, keys: [] }\n",
    [/:2: authenticators\.0\.issuer: is missing/],
  ],
  ["authenticators: []\n", [/:1: authenticators: name one, such as \{kind: users\}/]],
  [
    "services:\n  main:\n    msglog:\n      colour: x\n",
    [/:4: services\.main\.msglog\.colour: there is no such setting/],
  ],
  [
    "services:\n  main:\n    colour: x\n",
    [/:3: services\.main\.colour: there is no such setting; there are listeners, /],
  ],
  [
    `users:\n  - &ann { name: ann, password: "${HASH}" }\n  - *ann\n`,
    [/:3: users\.1\.name: "ann" is there twice/],
  ],
  [
    `authenticators: [{ kind: webhook, url: "https://x", secret: sixteen-characters }]\nusers: [{ name: ann, password: "${HASH}" }]\n`,
    [/:2: users: nobody asks them; add \{kind: users\} to authenticators/],
  ],
  [
    "authenticators:\n  - kind: jwt\n    issuer: i\n    audience: a\n    keys: [{ algorithm: HS256, secret: short }]\n",
    [/:5: authenticators\.0\.keys: a secret has 16 characters or more/],
  ],
  [
    `roles:\n  reader:\n    rights: [room_read, { right: msglog_gett, rooms: "a*" }]\n`,
    [/:3: roles\.reader\.rights\.1: there is no right "msglog_gett"; did you mean msglog_get\?/],
  ],
  [
    `users: [{ name: ann, password: "${HASH}", rights: [fly] }]\n`,
    [/:1: users\.0\.rights\.0: there is no right "fly"; docs\/rights\.md lists them/],
  ],
  [
    "services: { main: { rights: [room_jion] } }\n",
    [/services\.main\.rights\.0: .*did you mean room_join\?/],
  ],
  [
    "authenticators:\n  - kind: jwt\n    issuer: i\n    audience: a\n    jwks_url: https://x/\n    rights: [rooms_read]\n",
    [/:6: authenticators\.0\.rights\.0: .*did you mean room_read\?/],
  ],
] as const)("config check says what is wrong with %j", ([text, sentences]) => {
  const file = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(file, text);
  const { status, stderr } = roomlog(["config", "check", file]);
  expect(status).toBe(78);
  for (const sentence of sentences) expect(stderr).toMatch(sentence);
  expect(stderr).not.toContain("undefined");
});

test("a plugin of one's own may bring rights", () => {
  const directory = dataDirectory();
  const file = join(directory, "roomlog.yaml");
  writeFileSync(
    join(directory, "dice.js"),
    'export default { name: "dice", settings: { safeParse: () => ({ success: true }) }, setup() {} };\n',
  );
  writeFileSync(file, "services: { main: { plugins: [core, ./dice.js], rights: [roll] } }\n");
  expect(roomlog(["config", "check", file])).toMatchObject({ status: 0, stderr: "" });
});

test("certificates are found beside the configuration", () => {
  const directory = dataDirectory();
  const file = join(directory, "roomlog.yaml");
  for (const name of ["cert.pem", "key.pem"]) copyFileSync(tlsFile(name), join(directory, name));
  writeFileSync(file, "services: { main: { listeners: [{ tls: { cert: cert.pem, key: ./key.pem } }] } }\n");
  expect(roomlog(["config", "check", file])).toMatchObject({ status: 0, stderr: "" });
});

test("secrets come from the environment or from files beside the configuration", () => {
  const directory = dataDirectory();
  const file = join(directory, "roomlog.yaml");
  writeFileSync(join(directory, "ann.hash"), `${HASH}\n`);
  const users =
    "users:\n  - { name: ann, password: !file ann.hash }\n  - { name: bob, password: !env BOB_HASH }\n";
  writeFileSync(file, users);
  expect(roomlog(["config", "check", file], { BOB_HASH: HASH })).toMatchObject({ status: 0 });
  expect(roomlog(["config", "check", file])).toMatchObject({
    status: 78,
    stderr: expect.stringMatching(/roomlog\.yaml:3: .*BOB_HASH is not set/),
  });
});
