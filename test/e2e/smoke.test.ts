import { Connection } from "@roomlog/client";
import { expect, test } from "vitest";
import { serverForTest } from "../support/server.ts";

test("a message reaches who listens and who asks later", async () => {
  const { url } = await serverForTest();
  const events: object[] = [];
  const client = await Connection.connect(url, { onEvent: (event) => events.push(event) });
  await client.call("core/user/login", { user: "ann" });
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  await client.call("core/event/subscribe", { class: "media" });
  expect(await client.call("media/room/msglog_send", { room_id: "r1", msg: { text: "hello" } })).toEqual({
    msg_id: 1,
  });
  const [message] = await client.call("media/room/msglog_get", { room_id: "r1" });
  expect(message).toMatchObject({ text: "hello", msg_id: 1, user_id: "ann" });
  expect(events).toMatchObject([{ type: "msglog_new_msg", obj_id: "r1", body: message }]);
  await client.close();
});
