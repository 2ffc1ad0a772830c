import { Connection } from "@roomlog/client";
import type { ConfigInput, ServerParts } from "roomlog";
import { onTestFinished } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { PASSWORD } from "./people.ts";
import { receiver } from "./receiver.ts";
import { dataDirectory, serverForTest } from "./server.ts";

export const SECRET = "sixteen characters";

const RIGHTS = ["*", "webhooks", "room_destroy", "msglog_purge"];
/** Time is moved in leaps, and does not refill what a connection may ask. */
const limits = {
  ping_seconds: 0,
  idle_seconds: 86_400,
  rates: { connection: { requests: 1e6 }, user: { requests: 1e6 }, address: { requests: 1e6 } },
};
const users = [{ name: "root", password: PASSWORD, rights: RIGHTS }];

interface Options {
  readonly config?: ConfigInput;
  /** Settings of the plugin. */
  readonly msglog?: object;
  readonly parts?: ServerParts;
}

/**
 * A server with the webhook "hook", whose receiver is here, and the room "r". Time stands still until `clock` is moved;
 * nothing is left to chance: what rests, rests as long as it can.
 */
export async function withWebhook(hook: object = {}, { config, msglog, parts }: Options = {}) {
  const hears = await receiver();
  const clock = new ManualClock();
  const fixed = { port: 0, data: dataDirectory(), limits, users, ...config };
  const own = { name: "hook", url: hears.url, secret: SECRET, ...hook };
  /** With these webhooks, each of them this one with something else. */
  const configured = (hooks: readonly object[]) => ({
    ...fixed,
    services: { main: { webhooks: hooks.map((one) => ({ ...own, ...one })), ...(msglog && { msglog }) } },
  });
  let current: ConfigInput = configured([{}]);
  const start = async (...hooks: object[]) => {
    current = configured(hooks);
    const loadConfig = () => current;
    const server = await serverForTest(current, { clock, random: () => 0, loadConfig, ...parts });
    return {
      server,
      ...(await callsOf(server.url)),
      async reload(...others: object[]) {
        current = configured(others);
        await server.reload();
      },
    };
  };
  const first = await start({});
  await first.create("r");
  return { ...hears, ...first, clock, start };
}

/** The calls of an admin. */
export async function callsOf(url: string) {
  const root = await Connection.connect(url);
  onTestFinished(async () => {
    await root.close();
  });
  await root.call("core/user/login", { user: "root", password: "secret", session_id: "s1" });
  return {
    root,
    create: (room_id: string) => root.call("media/room/create", { class: "chat", room_id }),
    destroy: (room_id: string) => root.call("media/room/destroy", { room_id }),
    purge: (room_id: string, before: number) => root.call("media/room/msglog_purge", { room_id, before }),
    async send(room_id: string, count = 1) {
      const all = Array.from({ length: count }, (_, i) =>
        root.call("media/room/msglog_send", { room_id, msg: { n: i + 1 } }),
      );
      await Promise.all(all);
    },
    list: () => root.call("core/webhook/list", {}),
    letters: (query: object = {}) => root.call("core/webhook/dead_letters", query),
    retry: (letter: number) => root.call("core/webhook/retry", { letter }),
  };
}
