import { join } from "node:path";
import { defineCommand, definePlugin, type HookOf, type Plugin, RequestError } from "roomlog/plugin";
import { expect, test } from "vitest";
import * as z from "zod";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const example = (name: string) => join(import.meta.dirname, "../../examples", `${name}.ts`);

/** A client in the room "r" of a service with these plugins on top. */
async function inRoom(plugins: readonly Plugin[], files: readonly string[] = [], settings: object = {}) {
  const names = ["core", "room", "msglog", ...plugins.map(({ name }) => name), ...files];
  const { url } = await serverForTest({ services: { main: { plugins: names, ...settings } } }, { plugins });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const send = (msg: object) => client.call("media/room/msglog_send", { room_id: "r", msg });
  const log = async () => (await client.call("media/room/msglog_get", { room_id: "r" })).data;
  return { url, client, send, log };
}

/** A plugin that hooks into sends. */
function sends(name: string, hook: HookOf<"msglog.send">): Plugin {
  return definePlugin({ name, needs: ["msglog"], setup: () => ({ hooks: { "msglog.send": hook } }) });
}

test("[S2] the profanity filter changes messages before they are stored, and leaves the others as they are", async () => {
  const { client, send, log } = await inRoom([], [example("profanity")], { profanity: { words: ["darn"] } });
  await send({ text: "Oh DARN it", n: 1 });
  client.send(
    '{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":{"text":"darning","n":1.0}},"tid":1}',
  );
  await client.next();
  expect(await log()).toMatchObject([{ text: "Oh **** it", n: 1 }, { text: "darning" }]);
  expect(client.texts.at(-1)).toContain('"n":1.0');
});

test("[S2] what stands in the way of messages sees edits too", async () => {
  const { client, send, log } = await inRoom([], [example("profanity")], { profanity: { words: ["darn"] } });
  await send({ text: "Oh dear" });
  await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 1, msg: { text: "Oh DARN it" } });
  expect(await log()).toMatchObject([{ text: "Oh **** it" }, { text: "Oh **** it" }]);
});

test("[S2] the dice command belongs to its service", async () => {
  const { url } = await serverForTest({
    services: {
      game: { listeners: [{ path: "/game" }], plugins: ["core", example("dice")] },
      plain: { listeners: [{ path: "/" }] },
    },
  });
  const game = await RawClient.login(new URL("/game", url).href);
  const { value } = (await game.call("game/dice/roll", { sides: 3 })).data;
  expect([1, 2, 3]).toContain(value);
  expect((await game.call("game/dice/roll", { sides: 1 })).data).toEqual({
    code: 100044,
    error: "Syntax error: sides",
    field: "sides",
  });
  const plain = await RawClient.login(new URL("/", url).href);
  expect((await plain.call("game/dice/roll")).data.code).toBe(100006);
});

test("[S2] the hook of the plugin that stands higher is called first; each may change, answer or refuse", async () => {
  const { send, log } = await inRoom([
    sends("lower", (message, next) =>
      next({ ...message, msg: { ...message.msg, seen: `${message.msg.seen} lower` } }),
    ),
    sends("higher", (message, next) => {
      if (message.msg.refuse) throw new RequestError(100030);
      if (message.msg.answer) return { msg_id: 77 };
      return next({ ...message, msg: { ...message.msg, seen: "higher" } });
    }),
  ]);
  expect(await send({})).toMatchObject({ data: { msg_id: 1 } });
  expect(await send({ answer: true })).toMatchObject({ data: { msg_id: 77 } });
  expect(await send({ refuse: true })).toMatchObject({ data: { code: 100030 } });
  expect(await log()).toMatchObject([{ seen: "higher lower" }]);
});

test("[S2, F6] hooks that take their time do not change the order of a connection's sends", async () => {
  const { client, log } = await inRoom([
    sends("slow", async (message, next) => {
      if (message.msg.n === 0) await new Promise((resolve) => setTimeout(resolve, 30));
      return next(message);
    }),
  ]);
  for (let n = 0; n < 5; n++) {
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: { n } },
      tid: n,
    });
  }
  for (let n = 0; n < 5; n++) expect(await client.next()).toMatchObject({ data: { msg_id: n + 1 }, tid: n });
  expect((await log()).map(({ n }: { n: number }) => n)).toEqual([0, 1, 2, 3, 4]);
});

test("[S2, M14] what a hook makes of a message is held to the limits too", async () => {
  const { send, log } = await inRoom([
    sends("grow", (message, next) => next({ ...message, msg: { text: "x".repeat(70_000) } })),
  ]);
  expect(await send({})).toMatchObject({ data: { code: 304101 } });
  expect(await log()).toEqual([]);
});

test("[S2] a plugin's error is the server's word, not its text, and the server lives", async () => {
  const { send } = await inRoom([
    sends("broken", (message, next) => {
      if (message.msg.break) throw new Error("secret");
      return next(message);
    }),
  ]);
  expect((await send({ break: true })).data).toEqual({ code: 100002, error: "Internal error" });
  expect(await send({})).toMatchObject({ data: { msg_id: 1 } });
});

test("[E8] an event of a client is answered ok and handed to the plugins", async () => {
  const taken: object[] = [];
  const listener = definePlugin({
    name: "listener",
    setup: () => ({
      hooks: {
        "core.event": ({ session, event }, next) => {
          taken.push({ user: session.identity.user_id, event });
          return next({ session, event });
        },
      },
    }),
  });
  const { client } = await inRoom([listener]);
  client.send({ class: "core", cmd: "event", data: { class: "app", type: "t", body: { a: 1 } }, tid: 1 });
  expect(await client.next()).toEqual({ result: "ok", tid: 1 });
  expect(taken).toEqual([{ user: "ann", event: { class: "app", type: "t", body: { a: 1 } } }]);
  client.send({ class: "core", cmd: "event", data: {}, tid: 2 });
  expect(await client.next()).toMatchObject({ data: { code: 100045, error: "Missing field: class" } });
});

test("[S2] a plugin starts with its service and stops with it, in order", async () => {
  const seen: string[] = [];
  const plugin = (name: string): Plugin =>
    definePlugin({
      name,
      setup: () => ({
        start() {
          seen.push(`${name} starts`);
          return () => seen.push(`${name} stops`);
        },
      }),
    });
  const server = await serverForTest(
    { services: { main: { plugins: ["a", "b"] } } },
    { plugins: [plugin("a"), plugin("b")] },
  );
  await server.close();
  expect(seen).toEqual(["a starts", "b starts", "b stops", "a stops"]);
});

test("[S2] two plugins cannot define the same command", async () => {
  const twin = (name: string): Plugin =>
    definePlugin({
      name,
      setup: () => ({
        commands: [
          defineCommand({ class: "x", subclass: "y", cmd: "z", schema: z.object({}), run: () => ({}) }),
        ],
      }),
    });
  const plugins = [twin("a"), twin("b")];
  await expect(serverForTest({ services: { main: { plugins: ["a", "b"] } } }, { plugins })).rejects.toThrow(
    "x/y/z",
  );
});

test.for([
  ["./none.ts", "cannot be loaded"],
  [join(import.meta.dirname, "../support/server.ts"), "has no default export made by definePlugin"],
] as const)("[S2] a plugin file that is none is named: %s", async ([file, sentence]) => {
  await expect(serverForTest({ services: { main: { plugins: [file] } } })).rejects.toThrow(sentence);
});
