import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { clock, descriptors } from "../../packages/server/src/cli/doctor/machine.ts";
import { access } from "../../packages/server/src/cli/doctor/settings.ts";
import { configSchema } from "../../packages/server/src/config/config.ts";
import { startChildServer } from "../support/child-server.ts";
import { roomlog } from "../support/cli.ts";
import { dataDirectory } from "../support/server.ts";

interface Line {
  readonly what: string;
  readonly state: string;
  readonly found: string;
  readonly advice?: string;
}

async function doctor(...args: readonly string[]) {
  const { status: code, stdout, stderr } = await roomlog(["doctor", "--json", ...args]);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return { code, stderr, of: (what: string) => lines.find((line) => line.what === what), lines };
}

function configured(text: string): string {
  const file = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(file, text);
  return file;
}

/** A data directory in which a server has run. */
async function usedData(): Promise<string> {
  const data = dataDirectory();
  await (await startChildServer(data)).stop();
  return data;
}

const FREE = "port: 0\n";

test("[O6] a machine on which nothing is wrong", async () => {
  const data = await usedData();
  const { code, lines, of } = await doctor("--data", data, "--config", configured(FREE));
  expect(code).toBe(0);
  expect(lines.filter(({ state }) => state === "fail")).toEqual([]);
  expect(of("login")).toMatchObject({ state: "warn", advice: expect.stringContaining("roomlog user add") });
  expect(of("database")).toMatchObject({
    state: "ok",
    found: expect.stringMatching(/^0 rooms, schema \d+$/),
  });
  expect(of("fsync")?.found).toMatch(/^\d+\.\d\d ms in the middle, \d+\.\d ms at worst, of 20$/);
  expect(of("port 0")?.state).toBe("ok");
  expect(readdirSync(data)).not.toContainEqual(expect.stringContaining("doctor"));
});

test("[O6] what a person reads has a line for each thing, and what to do below", async () => {
  const { stdout } = await roomlog(["doctor", "--data", dataDirectory(), "--config", configured(FREE)]);
  expect(stdout).toMatch(/^ok {3}versions +roomlog \S+, Node \S+$/m);
  expect(stdout).toMatch(/^warn login +open mode: .*\n +→ for more than a trial add users/m);
});

test("[O6] a server that runs, and what it says of itself", async () => {
  const data = dataDirectory();
  const server = await startChildServer(data);
  const { code, of } = await doctor(server.url, "--data", data, "--config", configured(FREE));
  expect(code).toBe(0);
  expect(of("database")?.found).toMatch(/^0 rooms, schema \d+, a server runs on it$/);
  expect(of("server")).toEqual({ what: "server", state: "ok", found: "ok" });
  expect(of("ready")?.state).toBe("ok");
  await server.stop();
  const after = await doctor(server.url, "--data", data, "--config", configured(FREE));
  expect(after.code).toBe(69);
  expect(after.of("server")).toMatchObject({
    state: "fail",
    advice: expect.stringContaining("roomlog serve"),
  });
});

test("[O6] a wrong configuration is 78, with its line", async () => {
  const file = configured("limits:\n  window: none\n");
  const { code, of } = await doctor("--config", file);
  expect(code).toBe(78);
  expect(of("configuration")?.found).toContain(`${file}:2: limits.window`);
});

test("[O6] a port that another program has", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  const { code, of } = await doctor("--data", dataDirectory(), "--config", configured(`port: ${port}\n`));
  expect(code).toBe(78);
  expect(of(`port ${port}`)).toMatchObject({ state: "fail", found: expect.stringContaining("EADDRINUSE") });
});

test("[O6] a database of a newer version, and one that is damaged", async () => {
  const data = await usedData();
  const db = new Database(join(data, "roomlog.db"));
  const id = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'rooms'").pluck().get() as number;
  const size = db.pragma("page_size", { simple: true }) as number;
  const schema = db.pragma("user_version", { simple: true });
  db.pragma("user_version = 99");
  db.pragma("wal_checkpoint(truncate)");
  db.close();
  const newer = await doctor("--data", data, "--config", configured(FREE));
  expect(newer.code).toBe(74);
  expect(newer.of("database")?.found).toContain("schema 99");
  const again = new Database(join(data, "roomlog.db"));
  again.pragma(`user_version = ${schema}`);
  again.pragma("wal_checkpoint(truncate)");
  again.close();
  const handle = openSync(join(data, "roomlog.db"), "r+");
  writeSync(handle, Buffer.alloc(size, 0xaa), 0, size, (id - 1) * size);
  closeSync(handle);
  const damaged = await doctor("--data", data, "--config", configured(FREE));
  expect(damaged.code).toBe(74);
  expect(damaged.of("database")).toMatchObject({ state: "fail", advice: expect.stringContaining("backup") });
});

test("[O6] data that others can read", async () => {
  const data = await usedData();
  chmodSync(data, 0o755);
  chmodSync(join(data, "secret.key"), 0o644);
  const { of } = await doctor("--data", data, "--config", configured(FREE));
  expect(of("file modes")).toMatchObject({ state: "warn", advice: expect.stringContaining("chmod go=") });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log("SKIP [O6] a file that belongs to another user: only root can give it away");

test.skipIf(!isRoot)("[O6] a file that belongs to another user than the directory", async () => {
  const data = await usedData();
  const args = ["--data", data, "--config", configured(FREE), "--quick"] as const;
  expect((await doctor(...args)).of("file owners")?.state).toBe("ok");
  chownSync(data, 65_534, 65_534);
  const { of } = await doctor(...args);
  const advice = expect.stringMatching(
    /^if the server runs as user 65534: chown --reference=\S+ .*secret\.key/,
  );
  expect(of("file owners")).toMatchObject({ state: "warn", advice });
});

test("[O6] limits that contradict one another, and a disk with too little space", async () => {
  const file = configured(`${FREE}limits: { ping_seconds: 300, frame_bytes: 2000 }
store: { min_free_bytes: 9007199254740991 }
`);
  const { code, lines, of } = await doctor("--data", dataDirectory(), "--config", file);
  expect(code).toBe(74);
  expect(of("disk space")?.state).toBe("fail");
  const said = lines
    .filter(({ what }) => what === "limits")
    .map(({ found }) => found)
    .join("\n");
  expect(said).toContain("limits.ping_seconds (300) is not below limits.idle_seconds (180)");
  expect(said).toContain("services.main.msglog.max_message_bytes (65536) is over limits.frame_bytes");
});

test("[O6] a listener that takes passwords in clear", async () => {
  const file = configured(`host: 0.0.0.0
port: 0
users: [{ name: ann, password: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$DMcR0Bfu0/z/ZjWqYcd/4FpdVhUR+a9dsQpM8MS0oWs" }]
services: { main: { listeners: [{ allow_plaintext: true }] } }
`);
  const { of } = await doctor("--data", dataDirectory(), "--config", file);
  expect(of("login")?.state).toBe("ok");
  expect(of("encryption")?.state).toBe("warn");
});

test("[O6] a certificate that is good, ends soon, or has ended", () => {
  const tls = { cert: "test/support/tls/cert.pem", key: "test/support/tls/key.pem" };
  const config = configSchema.parse({ services: { main: { listeners: [{ tls }] } } });
  const end = new X509Certificate(readFileSync(tls.cert)).validToDate.getTime();
  const at = (days: number) =>
    access(config, end - days * 86_400_000).find(({ what }) => what === "certificate of port 9011")?.state;
  expect([at(30), at(13), at(-1)]).toEqual(["ok", "warn", "fail"]);
});

test("[O6] fewer file descriptors than connections", () => {
  const limits = (hard: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   ${hard}   files\n`;
  expect(descriptors(10_000, limits("4096"))).toMatchObject({ state: "warn", found: "at most 4,096" });
  expect(descriptors(10_000, limits("20000")).state).toBe("ok");
  expect(descriptors(10_000, limits("unlimited")).state).toBe("ok");
});

test("[O6] a clock that was set back, that never was set, or that moves", async () => {
  expect((await clock(undefined)).state).toBe("ok");
  expect(await clock((Date.now() + 3_600_000) * 1000)).toMatchObject({
    state: "warn",
    found: expect.stringContaining("was set back"),
  });
  expect((await clock(undefined, () => 0)).state).toBe("fail");
  let shift = 0;
  expect((await clock(undefined, () => Date.now() + 500 * shift++)).state).toBe("warn");
});
