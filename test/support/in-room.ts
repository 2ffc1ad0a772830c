import type { ConfigInput, ServerParts } from "roomlog";
import { type Frame, RawClient } from "./raw-client.ts";
import { serverForTest } from "./server.ts";

/** A logged-in client, ann with the session s1, and the room "r". */
export async function inRoom(config: ConfigInput = {}, parts: ServerParts = {}) {
  const server = await serverForTest(config, parts);
  const client = await RawClient.login(server.url, "ann", "s1");
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  return { ...server, server, client, ...roomCalls(client) };
}

/** The calls of a client on the room "r". */
export function roomCalls(client: RawClient) {
  const call = (cmd: string, data: object) => client.call(`media/room/${cmd}`, { room_id: "r", ...data });
  const send = (msg: unknown, more: object = {}): Promise<Frame> => call("msglog_send", { msg, ...more });
  return {
    send,
    async sendMany(count: number) {
      for (let n = 1; n <= count; n++) await send({ n });
    },
    get: (more: object = {}): Promise<Frame> => call("msglog_get", more),
    subscribe: (more: object = {}): Promise<Frame> => call("msglog_subscribe", more),
    info: async (more: object = {}): Promise<Frame> => (await call("msglog_info", more)).data,
    epochs: async (more: object = {}): Promise<Frame> => (await call("msglog_epochs", more)).data,
    purge: (more: object = {}): Promise<Frame> => call("msglog_purge", more),
    async reborn() {
      await call("destroy", {});
      await call("create", { class: "chat" });
    },
  };
}

/** A frame that sends `{n}` to the room "r", with the tid `n`. */
export function sending(n: number) {
  return {
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r", msg: { n } },
    tid: n,
  };
}

/** The ids of the messages among frames or in a page, in their order. */
export function idsOf(frames: readonly Frame[]): number[] {
  return frames.flatMap((frame) => frame.data?.body?.msg_id ?? frame.msg_id ?? []);
}
