import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { RawClient } from "../support/raw-client.ts";
import { upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";

const CLI = join(import.meta.dirname, "../../packages/server/bin/roomlog.js");
let password: string;

beforeAll(async () => {
  password = await hashPassword("secret");
});

const withUsers = (rights?: string[]) =>
  serverForTest({
    store: { kind: "memory" },
    users: [
      { name: "ann", password },
      { name: "bob", password, ...(rights && { rights }) },
    ],
  });

test("[L2, L8] a user of the configuration logs in with the right password, also as pass", async () => {
  const { url } = await withUsers();
  for (const field of ["password", "pass"]) {
    const client = await RawClient.connect(url);
    expect(await client.call("core/user/login", { user: "ann", [field]: "secret" })).toMatchObject({
      result: "ok",
    });
  }
});

test.for([
  { user: "ann", password: "Secret" },
  { user: "ann" },
  { user: "nobody", password: "secret" },
  { user: "nobody", password: "" },
  { password: "secret" },
])("[L3] login with %j is 100030", async (credentials) => {
  const { url } = await withUsers();
  const client = await RawClient.connect(url);
  expect(await client.call("core/user/login", credentials)).toMatchObject({
    data: { code: 100030, error: "Unauthorized" },
  });
});

test("[L7] with users configured any Host and Origin may come", async () => {
  const { url } = await withUsers();
  const { response } = await upgrade(url, { Host: "chat.example.org", Origin: "https://example.org" });
  expect(response).toMatch(/^HTTP\/1\.1 101 /);
});

test("[L8] a user may do what his rights name, and nothing else", async () => {
  const { url } = await withUsers(["room_read", "msglog_get"]);
  const [ann, bob] = [await RawClient.connect(url), await RawClient.connect(url)];
  await ann.call("core/user/login", { user: "ann", password: "secret" });
  await bob.call("core/user/login", { user: "bob", password: "secret" });
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  for (const name of ["get_list", "get_info", "msglog_get"]) {
    expect(await bob.call(`media/room/${name}`, { room_id: "r" })).toMatchObject({ result: "ok" });
  }
  const refused = { data: { code: 100030, error: "Unauthorized" } };
  expect(await bob.call("media/room/msglog_send", { room_id: "r", msg: {} })).toMatchObject(refused);
  expect(await bob.call("core/event/subscribe", { class: "media" })).toMatchObject(refused);
  expect(await bob.call("core/session/stop", { session_id: "x" })).toMatchObject(refused);
  expect((await ann.call("media/room/msglog_get", { room_id: "r" })).data).toEqual([]);
});

test("[L8] roomlog user hash makes the hash of a password", async () => {
  const { stdout } = spawnSync(process.execPath, [CLI, "user", "hash"], {
    input: "open sesame\n",
    encoding: "utf8",
  });
  const { url } = await serverForTest({
    store: { kind: "memory" },
    users: [{ name: "ali", password: stdout.trim() }],
  });
  const client = await RawClient.connect(url);
  expect(await client.call("core/user/login", { user: "ali", password: "open sesame" })).toMatchObject({
    result: "ok",
  });
});
