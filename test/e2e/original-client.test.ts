import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Frame, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

/**
 * What clients of the original host do on the wire: `pass` for the password, meta data, a session id of their own
 * that they keep over reconnects, tids from 1, no subclass where it is `core`, and answers with an extra key.
 */
class OriginalClient {
  readonly events: Frame[] = [];
  readonly #raw: RawClient;
  readonly #answers = new Map<number, (frame: Frame) => void>();
  #tid = 0;

  static async login(url: string, session_id: string): Promise<OriginalClient> {
    const client = new OriginalClient(await RawClient.connect(url));
    const data = { user: "user@domain", pass: "1234", session_id, meta: { agent: "original" } };
    const answer = await client.request({ class: "core", subclass: "user", cmd: "login", data });
    expect(answer).toMatchObject({ result: "ok", data: { session_id } });
    return client;
  }

  private constructor(raw: RawClient) {
    this.#raw = raw;
    void this.#read();
  }

  request(frame: object): Promise<Frame> {
    const tid = ++this.#tid;
    this.#raw.send({ ...frame, tid });
    return new Promise((resolve) => this.#answers.set(tid, resolve));
  }

  close(): Promise<unknown> {
    return this.#raw.close();
  }

  async #read(): Promise<void> {
    for (;;) {
      const frame = await this.#raw.next().catch(() => undefined);
      if (!frame) return;
      if (frame.result) this.#answers.get(frame.tid)?.(frame);
      if (frame.cmd) this.#raw.send({ result: "ok", data: {}, extra: true, tid: frame.tid });
      if (frame.cmd === "event") this.events.push(frame.data);
    }
  }
}

test("[F9, L2, L4] a client of the original protocol logs in, subscribes, receives, and survives a reconnect", async () => {
  const { url } = await serverForTest({ limits: { ping_seconds: 1 } });
  const room = { class: "media", subclass: "room" };
  const first = await OriginalClient.login(url, "stable-id");
  await first.request({ ...room, cmd: "create", data: { class: "sfu", room_id: "r" } });
  await first.request({ class: "core", subclass: "event", cmd: "subscribe", data: { ...room, obj_id: "r" } });
  await first.request({ ...room, cmd: "msglog_send", data: { room_id: "r", msg: { n: 1 } } });
  await sleep(1500);
  expect(first.events).toMatchObject([
    { type: "msglog_new_msg", body: { n: 1, msg_id: 1, user_id: "user@domain" } },
  ]);
  await first.close();

  const again = await OriginalClient.login(url, "stable-id");
  await again.request({ class: "core", subclass: "event", cmd: "subscribe", data: { ...room, obj_id: "r" } });
  await again.request({ ...room, cmd: "msglog_send", data: { room_id: "r", msg: { n: 2 } } });
  const { data } = await again.request({ ...room, cmd: "msglog_get", data: { room_id: "r" } });
  expect(data).toMatchObject([
    { n: 1, session_id: "stable-id" },
    { n: 2, session_id: "stable-id" },
  ]);
  expect(again.events).toHaveLength(1);
});
