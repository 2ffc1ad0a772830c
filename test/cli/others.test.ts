import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { Connection } from "@roomlog/client";
import { loadConfig } from "roomlog";
import { expect, onTestFinished, test } from "vitest";
import { openReadOnly } from "../../packages/server/src/store/sqlite/index.ts";
import { CLI, environment, roomlog } from "../support/cli.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { users } from "../support/with-users.ts";

async function world() {
  const { url } = await serverForTest();
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann" };
  return {
    env,
    url,
    run: (args: readonly string[], more = {}) => roomlog(args, { env: { ...env, ...more } }),
  };
}

const values = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("rooms are made, listed in pages, looked at and ended", async () => {
  const { run } = await world();
  for (const room of ["a1", "a2", "b1"])
    await run(["rooms", "create", room, "--class", "sfu", "--max-messages", "5"]);
  await run(["send", "a2", "hello"]);
  expect(values((await run(["rooms", "a", "--json"])).stdout)).toMatchObject([
    { room_id: "a1", class: "sfu", count: 0 },
    { room_id: "a2", count: 1, bytes: 16, last_id: 1 },
  ]);
  const some = await run(["rooms", "--limit", "2"]);
  expect(some.stdout.split("\n")).toHaveLength(3);
  expect(some.stderr).toContain("there are more rooms");
  const [about] = values((await run(["rooms", "info", "a1", "--json"])).stdout);
  expect(about).toMatchObject({ room_id: "a1", retention: { max_messages: 5 }, log: { last_id: 0 } });
  expect(await run(["rooms", "destroy", "a1", "a2"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect((await run(["rooms", "list"])).stdout).toBe("b1\tsfu\t0\t0\t\n");
}, 60_000);

test("a misspelt command is no empty list, and of several rooms the one that is not there is named", async () => {
  const { url } = await serverForTest();
  const run = (...args: string[]) => roomlog(["rooms", ...args], { env: { ROOMLOG_URL: url } });
  await run("create", "algebra");
  expect(await run("crate")).toMatchObject({
    status: 64,
    stdout: "",
    stderr: "roomlog: no room begins with crate; did you mean roomlog rooms create?\n",
  });
  expect(await run("geometry")).toMatchObject({
    status: 66,
    stderr: "roomlog: no room begins with geometry\n",
  });
  expect((await run("alg")).status).toBe(0);
  expect(await run("destroy", "algebra", "nope")).toMatchObject({
    status: 66,
    stderr: expect.stringMatching(/^roomlog: nope: Room not found/),
  });
}, 60_000);

test("a table is as wide as the terminal, coloured as it wants", async () => {
  const { run } = await world();
  await run(["rooms", "create", "r".repeat(100)]);
  const look = (columns: string, more = {}) =>
    run(["rooms"], { FORCE_COLOR: "1", COLUMNS: columns, ...more });
  for (const columns of [60, 200]) {
    const { stdout } = await look(String(columns));
    expect(stdout).toContain("\u001b[1mroom\u001b[22m");
    const widest = Math.max(
      ...stripVTControlCharacters(stdout)
        .split("\n")
        .map((line) => line.length),
    );
    expect(widest).toBeLessThanOrEqual(columns);
    expect(stdout.includes("…")).toBe(columns === 60);
  }
  expect((await look("80", { FORCE_COLOR: "0" })).stdout).toBe(`${"r".repeat(100)}\tchat\t0\t0\t\n`);
});

test("a terminal gets the table and the colours by itself", async ({ skip }) => {
  const { env, run } = await world();
  await run(["rooms", "create", "r"]);
  const command = `stty cols 70; '${process.execPath}' '${CLI}' rooms`;
  const pty = (more: object) => inTerminal(command, { ...env, TERM: "xterm", ...more });
  const shown = await pty({});
  if (shown === undefined) return skip("script(1) is not there, so no terminal can be had");
  expect(shown).toContain("\u001b[1mroom\u001b[22m");
  expect(await pty({ NO_COLOR: "1" })).toMatch(/^room +class +messages/m);
});

/** What a command prints to a terminal; undefined without script(1). */
async function inTerminal(command: string, env: Record<string, string>): Promise<string | undefined> {
  if (spawnSync("script", ["--version"]).error) {
    if (process.env.CI === "true") throw new Error("script(1) is missing");
    return undefined;
  }
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: environment(env),
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text(child.stdout);
}

test("[L8] send --create works without the right to read", async () => {
  const { url } = await serverForTest({
    users: users.map((user) => ({ ...user, rights: ["msglog_send", "room_create"] })),
  });
  const env = { ROOMLOG_URL: url, ROOMLOG_USER: "ann", ROOMLOG_PASSWORD: "secret" };
  for (const id of [1, 2])
    expect(await roomlog(["send", "r", "--create", "hello"], { env })).toEqual({
      status: 0,
      stdout: `${id}\n`,
      stderr: "",
    });
});

test("[C1, C3] sessions shows who is there and ends a session", async () => {
  const { run, url } = await world();
  const connection = await Connection.connect(url);
  onTestFinished(() => void connection.close());
  await connection.call("core/user/login", { user: "bob", session_id: "s-1" });
  expect(values((await run(["sessions", "--json"])).stdout)).toEqual(
    expect.arrayContaining([
      { user_id: "bob", session_id: "s-1", type: "api_server", remote: expect.stringContaining("ws:127") },
    ]),
  );
  expect((await run(["sessions", "bob"])).stdout).toMatch(/^bob\ts-1\tws:127\.0\.0\.1:\d+\n$/);
  expect(await run(["sessions", "--stop", "s-1"])).toMatchObject({ status: 0 });
  expect(await connection.closed).toMatchObject({ code: 4502 });
});

test("bench measures, counts, ends by itself and leaves nothing behind", async () => {
  const data = dataDirectory();
  const { url } = await serverForTest({ data });
  const { status, stdout } = await roomlog(["bench", "--seconds", "1", "--json"], {
    env: { ROOMLOG_URL: url },
  });
  expect(status).toBe(0);
  const outcome = JSON.parse(stdout);
  expect(outcome).toMatchObject({ errors: {}, answer_ms: { p50: expect.any(Number) } });
  expect(outcome.sent).toBeGreaterThan(0);
  expect(outcome.delivered).toBe(outcome.sent);
  expect(outcome.answer_ms.p50).toBeLessThanOrEqual(outcome.answer_ms.p99);
  expect((await roomlog(["rooms"], { env: { ROOMLOG_URL: url } })).stdout).toBe("");
  const store = await openReadOnly(data);
  onTestFinished(() => store.close());
  expect(await store.usage({ service: "main" })).toEqual({ rooms: 0, bytes: 0 });
});

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const CONFIG = `authenticators:
  - kind: jwt
    issuer: https://school.example
    audience: roomlog
    rights_claim: rights
    rights: [room_create]
    keys:
      - { algorithm: HS256, secret: !env SECRET }
      - { kid: ed, algorithm: EdDSA, public_key: !file ed.pub }
  - { kind: jwt, profile: livekit, issuer: API, keys: [{ algorithm: HS256, secret: livekit-secret }] }
  - { kind: jwt, profile: jitsi, issuer: app, audience: jitsi, keys: [{ algorithm: HS256, secret: jitsi-secret }] }
  - { kind: webhook, url: "https://me:webhook-password@hook.example/?k=key-in-the-query", secret: webhook-secret-1 }
`;

test.for([
  ["a secret", []],
  ["a private key", ["--kid", "ed", "--key-file", "ed.key"]],
  ["LiveKit", ["--authenticator", "1", "--moderator"]],
  ["Jitsi", ["--authenticator", "2", "--moderator"]],
] as const)("[L14, L15] a token made with %s logs in with the rights it was given", async ([, flags]) => {
  const directory = dataDirectory();
  const file = join(directory, "roomlog.yaml");
  writeFileSync(file, CONFIG);
  writeFileSync(join(directory, "ed.pub"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(join(directory, "ed.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
  process.env.SECRET = "a-secret-of-sixteen-characters";
  onTestFinished(() => void delete process.env.SECRET);
  const { SECRET } = process.env;
  const { authenticators } = loadConfig(file, {});
  const { url } = await serverForTest({ authenticators });
  const given = flags.map((flag) => (flag === "ed.key" ? join(directory, flag) : flag));
  const wish = given.includes("--moderator") ? ["--room", "r"] : ["--rights", "msglog_send", "--room", "r"];
  const make = (args: readonly string[]) =>
    roomlog(["token", "--config", file, "--user", "ann", ...args], { env: { SECRET } });
  const { stdout, stderr, status } = await make([...given, ...wish]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const env = { ROOMLOG_URL: url, ROOMLOG_TOKEN: stdout };
  expect(await roomlog(["send", "r", "--create", "hello"], { env })).toEqual({
    status: 0,
    stdout: "1\n",
    stderr: "",
  });
  expect(await roomlog(["send", "s", "hello"], { env })).toMatchObject({ status: 77 });
  expect(await make(["--rights", "msglog_snd"])).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("did you mean msglog_send?"),
  });
});

test("config show hides secrets, by their names and because the file refers to them", async () => {
  const file = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(file, `${CONFIG.replace("!file ed.pub", "!env PUBLIC")}log_level: warn\n`);
  const env = {
    SECRET: "a-secret-of-sixteen-characters",
    PUBLIC: String(publicKey.export({ type: "spki", format: "pem" })),
  };
  for (const flags of [[], ["--json"]]) {
    const { status, stdout } = await roomlog(["config", "show", file, ...flags], { env });
    expect(status).toBe(0);
    expect(stdout).toMatch(/log_level"?: ?"?warn/);
    expect(stdout).toContain("hook.example");
    expect(stdout).toContain("batch_writes");
    for (const secret of [
      env.SECRET,
      "livekit-secret",
      "jitsi-secret",
      "webhook-password",
      "key-in-the-query",
      "webhook-secret-1",
      "PUBLIC KEY",
    ])
      expect(stdout).not.toContain(secret);
  }
});

test("[M21] [M22] a user is erased, but not in a room on hold", async () => {
  const { run } = await world();
  for (const room of ["a", "b"]) {
    await run(["rooms", "create", room]);
    await run(["send", room, "hello"]);
  }
  expect((await run(["hold", "a"])).status).toBe(64);
  expect(await run(["hold", "a", "--on", "--reason", "case 7"])).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
  const dry = await run(["erase", "ann", "--dry-run"]);
  expect(dry.stdout).toBe(
    "1 entry of ann in 1 room (14 bytes) would be erased.\nOn hold, so not to be erased: a\n",
  );
  const [receipt] = values((await run(["erase", "ann", "--json"])).stdout);
  expect(receipt).toMatchObject({ user_id: "ann", rooms: 1, messages: 1, held: ["a"] });
  expect((await run(["erase", "ann"])).stdout).toMatch(
    /^0 entries of ann in 0 rooms .*\nOn hold, so not erased: a\n/,
  );
  expect((await run(["hold", "a", "--off"])).status).toBe(0);
  expect((await run(["erase", "ann"])).stdout).toMatch(/^1 entry of ann in 1 room .* was erased\.\nReceipt /);
}, 60_000);
