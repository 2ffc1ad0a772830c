import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput, ServerParts } from "roomlog";
import { definePlugin } from "roomlog/plugin";
import { expect, test } from "vitest";
import * as z from "zod";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { startChildServer } from "../support/child-server.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

/** A server whose configuration can be changed. */
async function changeable(config: ConfigInput, parts: ServerParts = {}) {
  let current = config;
  const fixed = { port: 0, data: dataDirectory(), limits: { ping_seconds: 0 } };
  const server = await serverForTest(
    { ...fixed, ...config },
    { loadConfig: () => ({ ...fixed, ...current }), ...parts },
  );
  const change = (next: ConfigInput) => {
    current = next;
    return server.reload();
  };
  return { server, change, client: await RawClient.login(server.url) };
}

const password = await hashPassword("x");

const sends = (client: RawClient, msg = {}) => client.call("media/room/msglog_send", { room_id: "r", msg });

test("[S4] msglog switched on by a reload: connections stay, existing rooms gain it", async () => {
  const { change, client } = await changeable({ services: { main: { plugins: ["core", "room"] } } });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  expect(await sends(client)).toMatchObject({ data: { code: 100006 } });
  expect(await change({ services: { main: {} } })).toEqual([]);
  expect(await sends(client)).toMatchObject({ data: { msg_id: 1 } });
  await change({ services: { main: { plugins: ["core", "room"] } } });
  expect(await sends(client)).toMatchObject({ data: { code: 100006 } });
});

test("[S4] settings change, members and status stay", async () => {
  const { change, client } = await changeable({});
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  await client.call("media/room/join", { room_id: "r" });
  await client.call("media/room/set_status", { room_id: "r", class: "c", data: { on: true } });
  const room = { member_grace_seconds: 1, default_timeout: 60 };
  expect(await change({ services: { main: { msglog: { max_message_bytes: 10 }, room } } })).toEqual([]);
  expect(await sends(client, { text: "too long" })).toMatchObject({ data: { code: 304101, limit: 10 } });
  const { members, status } = (await client.call("media/room/get_info", { room_id: "r" })).data;
  expect(Object.values(members)).toMatchObject([{ user_id: "ann" }]);
  expect(status).toEqual({ c: { on: true } });
});

test("[S4, C9] who has registered for a decision is asked on when settings change", async () => {
  const users = ["program", "ann"].map((name) => ({ name, password, rights: ["*", "callback"] }));
  users[1] = { name: "ann", password, rights: ["*"] };
  const server = await serverForTest({ store: { kind: "memory" }, users }, { loadConfig: () => current });
  const current = {
    store: { kind: "memory" },
    users,
    services: { main: { core: { log_rate: 5 } } },
  } as const;
  const [program, ann] = [await RawClient.connect(server.url), await RawClient.connect(server.url)];
  await program.call("core/user/login", { user: "program", password: "x" });
  await ann.call("core/user/login", { user: "ann", password: "x" });
  await program.call("core/callback/register", { callback: "create" });
  await server.reload();
  const creating = ann.call("media/room/create", { class: "chat" });
  const { tid } = await program.until(({ subclass }) => subclass === "callback");
  program.send({ result: "ok", data: { authorized: false }, tid });
  expect(await creating).toMatchObject({ data: { code: 100030 } });
});

test("[S4] limits and users change; who is there stays", async () => {
  const { server, change, client } = await changeable({ store: { kind: "memory" } });
  await change({ store: { kind: "memory" }, users: [{ name: "bob", password: await hashPassword("x") }] });
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  await expect(RawClient.login(server.url, "ann")).rejects.toThrow("100030");
  const bob = await RawClient.connect(server.url);
  expect(await bob.call("core/user/login", { user: "bob", password: "x" })).toMatchObject({ result: "ok" });
});

test("[S4] what needs a restart is named", async () => {
  const { change } = await changeable({});
  const services = { main: { listeners: [{ path: "/x" }] }, more: {} };
  const limits = { frame_bytes: 2048, answer_seconds: 1 };
  expect(await change({ port: 1, data: "/elsewhere", limits, services })).toEqual([
    "port",
    "data",
    "limits.frame_bytes",
    "services.main.listeners",
    "services.more",
  ]);
});

test("[S4] what needs a restart is named until it is as it was at the start", async () => {
  const { change } = await changeable({});
  const services = { more: {}, main: { listeners: [{ path: "/x" }] } };
  for (const _ of [1, 2])
    expect(await change({ data: "/elsewhere", services })).toEqual([
      "data",
      "services.main.listeners",
      "services.more",
    ]);
  expect(await change({})).toEqual([]);
});

test("[S4] a wrong configuration changes nothing", async () => {
  const { change, client } = await changeable({ services: { main: { msglog: { max_message_bytes: 10 } } } });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  await expect(change({ services: { main: { plugins: ["core", "msglog"] } } })).rejects.toThrow("needs");
  await expect(change({ host: "0.0.0.0" })).rejects.toThrow("Configure users");
  expect(await sends(client, { text: "too long" })).toMatchObject({ data: { code: 304101, limit: 10 } });
});

test("[S4] a plugin that does not take its settings: nothing else changes, and the next reload works", async () => {
  const taken: unknown[] = [];
  let isAfraid = true;
  const plugin = (name: string) =>
    definePlugin({
      name,
      settings: z.number().default(0),
      setup: () => ({
        update: async (settings) => {
          if (settings === 13 && isAfraid) throw new Error(`${name} fears it`);
          taken.push([name, settings]);
        },
      }),
    });
  const plugins = ["core", "room", "a", "b", "c"];
  const { change, client } = await changeable(
    { services: { main: { plugins } } },
    { plugins: ["a", "b", "c"].map(plugin) },
  );
  const set = (a: number, b: number, c: number, more: string[] = []) =>
    change({ services: { main: { plugins: [...plugins, ...more], a, b, c } } } as ConfigInput);
  await expect(set(1, 13, 13, ["msglog"])).rejects.toThrow("b fears it");
  expect(await sends(client)).toMatchObject({ data: { code: 100006 } });
  isAfraid = false;
  await set(1, 13, 13);
  expect(taken).toEqual([
    ["a", 1],
    ["a", 1],
    ["b", 13],
    ["c", 13],
  ]);
  await set(1, 2, 13);
  expect(taken.slice(4)).toEqual([["b", 2]]);
});

test("[C11] core/server/reload needs the right admin, which open mode does not give", async () => {
  const { client } = await changeable({ store: { kind: "memory" } });
  expect(await client.call("core/server/reload")).toMatchObject({ data: { code: 100030 } });
});

test("[C11] an admin reloads and learns what needs a restart; a wrong configuration is 100041", async () => {
  const users = [{ name: "root", password: await hashPassword("x"), rights: ["admin"] }];
  let config: ConfigInput = { users };
  const { url } = await serverForTest({ users }, { loadConfig: () => config });
  const client = await RawClient.connect(url);
  await client.call("core/user/login", { user: "root", password: "x" });
  config = { users, port: 1 };
  expect((await client.call("core/server/reload")).data).toEqual({
    restart_needed: expect.arrayContaining(["port"]),
  });
  config = { users, services: { main: { plugins: ["none"] } } };
  expect((await client.call("core/server/reload")).data).toEqual({
    code: 100041,
    error: "Invalid parameters",
  });
});

test("[S4] SIGHUP reads the file anew; a wrong one is logged and changes nothing", async () => {
  const file = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(file, "services: { main: { plugins: [core, room] } }\n");
  const server = await startChildServer(dataDirectory(), ["--config", file]);
  const client = (await RawClient.login(server.url)).answering();
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  writeFileSync(file, "port: 0\nservices: { main: { plugins: [rooms] } }\n");
  let said = "";
  server.stderr.on("data", (text: string) => {
    said += text;
  });
  process.kill(server.pid, "SIGHUP");
  await expect.poll(() => said).toContain("not reloaded");
  writeFileSync(file, "services: { main: {} }\n");
  await expect
    .poll(async () => {
      process.kill(server.pid, "SIGHUP");
      return (await sends(client)).result;
    })
    .toBe("ok");
  const { code, stderr } = await server.stop();
  expect(code).toBe(0);
  expect(stderr).toContain("configuration reloaded");
  const failed = stderr.split("\n").filter((line) => line.includes("reload_failed"));
  expect(failed.map((line) => JSON.parse(line))).toEqual([
    {
      level: 50,
      time: expect.any(Number),
      audit: "reload_failed",
      error: expect.stringMatching(/roomlog\.yaml:2: services\.main\.plugins: there is no plugin "rooms"/),
      msg: "the configuration was not reloaded",
    },
  ]);
});
