import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { startChildServer } from "../support/child-server.ts";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket } from "../support/raw-socket.ts";
import { dataDirectory } from "../support/server.ts";

const CLI = fileURLToPath(new URL("../../packages/server/bin/roomlog.js", import.meta.url));

/** Words that may be in no output. */
const CANARY = "canary";
const PASSWORD = "canary-password";

/** A plugin whose command fails in the way that shows most: with the text it was given. */
const BROKEN_PLUGIN = `
import { z } from "${import.meta.resolve("zod")}";
export default {
  name: "broken",
  settings: z.strictObject({}),
  setup: () => ({
    commands: [{ class: "app", subclass: "core", cmd: "crash", schema: z.looseObject({}), run() { null.x; } }],
  }),
};
`;

async function configured(): Promise<{ readonly file: string; readonly good: string }> {
  const directory = dataDirectory();
  writeFileSync(join(directory, "broken.js"), BROKEN_PLUGIN);
  writeFileSync(join(directory, "ann.hash"), await hashPassword(PASSWORD));
  const good = [
    "log_level: debug",
    'users: [{ name: ann, password: !file ann.hash, rights: ["*", admin] }]',
    "services: { main: { plugins: [core, room, msglog, ./broken.js], msglog: { max_message_bytes: 200 } } }",
    "",
  ].join("\n");
  const file = join(directory, "roomlog.yaml");
  writeFileSync(file, good);
  return { file, good };
}

test("[T11] secrets in logs: passwords, tokens and messages are in no line, at any level", async () => {
  const { file, good } = await configured();
  const server = await startChildServer(dataDirectory(), ["--config", file]);
  const client = await RawClient.connect(server.url);
  client.answering();
  const credentials = { user: "ann", password: "canary-wrong", token: "canary-token" };
  expect(await client.call("core/user/login", credentials)).toMatchObject({ data: { code: 100030 } });
  expect(
    await client.call("core/user/login", { ...credentials, pass: "canary-pass", password: 7 }),
  ).toMatchObject({
    data: { code: 100044 },
  });
  const login = { user: "ann", password: PASSWORD, token: "canary-token", meta: { of: "canary-meta" } };
  expect(await client.call("core/user/login", login)).toMatchObject({ result: "ok" });
  await client.call("core/event/subscribe", { class: "media" });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const send = (text: string) => client.call("media/room/msglog_send", { room_id: "r", msg: { text } });
  expect(await send("canary-text")).toMatchObject({ result: "ok" });
  expect(await send("canary-long".repeat(30))).toMatchObject({ data: { code: 304101 } });
  expect(await client.call("app/core/crash", { secret: "canary-crash" })).toMatchObject({
    data: { code: 100002 },
  });
  expect(await client.call("core/callback/register", { callback: "login", token: "canary" })).toMatchObject({
    data: { code: 100030 },
  });
  for (const text of ['{"password":"canary-json', '["canary-array"]', '{"class":"core","canary":"canary"}']) {
    const socket = await RawSocket.connect(server.url);
    socket.write(maskedFrame(0x81, text));
    expect(await socket.closed()).toMatchObject({ code: 4500 });
  }
  for (const broken of [`${good}token: [canary-yaml\n`, `${good}limits: { window: canary-window }\n`]) {
    writeFileSync(file, broken);
    expect(await client.call("core/server/reload")).toMatchObject({ data: { code: 100041 } });
  }
  const { stderr } = await server.stop();
  expect(stderr).toContain('"audit":"login_refused"');
  expect(stderr).toContain("a command failed");
  expect(stderr.match(/the configuration was not reloaded/g)).toHaveLength(2);
  expect(stderr).not.toContain(CANARY);
});

test.for([
  ["broken YAML beside it", "limits: {window: 5, token: canary-token\nport: ["],
  ["broken YAML in its line", "users: [{ name: ann, password: canary-password, ]"],
  ["a value of !env of a wrong type", "limits: { window: !env SECRET }"],
  ["a value of !env that is no hash", "users: [{ name: ann, password: !env SECRET }]"],
  ["a value of !env out of a list", "log_level: !env SECRET"],
  ["a value of !file of a wrong type", "port: !file secret.txt"],
  ["a value of !file for an origin", "services: { main: { listeners: [{ origins: [!file secret.txt] }] } }"],
  ["a value of !file for a proxy", "trusted_proxies: [!file secret.txt]"],
  ["a value of !env for a plugin", "services: { main: { msglog: { send_rate: !env SECRET } } }"],
] as const)("[T11] secrets in logs: a wrong configuration shows nothing of %s", ([, text]) => {
  const file = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(file, `${text}\n`);
  writeFileSync(join(file, "../secret.txt"), "canary-file\n");
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "config", "check", file], {
    encoding: "utf8",
    env: { ...process.env, SECRET: "canary-env" },
  });
  expect(status).toBe(78);
  expect(stderr).toMatch(/roomlog\.yaml:\d: /);
  expect(stdout + stderr).not.toContain(CANARY);
});

test("[T11, C5] log forging: newlines, escapes of terminals and names of fields stay inside one line", async () => {
  const server = await startChildServer(dataDirectory());
  const client = await RawClient.login(server.url);
  const codes = "\u001b[2J\u009b31m\u0007\b\u007f\u2028\u202e";
  const message = `x\n2026-01-01 ERROR all is lost\r\n{"level":60,"audit":"login","user":"root"}${codes}`;
  const meta = { user: "root", audit: "admin", level: 60, _id: 1, __proto__: null, "\n": codes };
  expect(await client.call("core/session/log", { source: "\n\u001b[1m", message, meta })).toMatchObject({
    result: "ok",
  });
  const { stderr } = await server.stop();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [line, ...others] = lines.filter(({ msg }) => msg === "a client's log");
  expect(others).toEqual([]);
  expect(line).toMatchObject({ level: 30, user: "ann", client: { message } });
  expect(line).not.toHaveProperty("audit");
  expect(lines.filter(({ audit }) => audit === "admin")).toEqual([]);
  const loud = lines.filter(({ level }) => level !== 30);
  expect(loud).toMatchObject([{ level: 40, msg: expect.stringContaining("open mode") }]);
});
