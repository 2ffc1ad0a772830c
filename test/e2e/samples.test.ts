import { readFileSync } from "node:fs";
import JSON5 from "json5";
import { expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

/**
 * The samples of the document this project was asked for, in its order: request, answer, request, answer, event.
 * They are relaxed JSON: unquoted keys, a comma too many or too few, one `#{`.
 */
function samples(): Record<string, never>[] {
  const document = readFileSync(new URL("../../docs/reference/room-msglog.md", import.meta.url), "utf8");
  return [...document.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text]) =>
    JSON5.parse((text as string).replaceAll("#{", "{").replace(/([}\]"\w])\s*\n(\s*\w+:)/g, "$1,\n$2")),
  );
}

test("[M1, M2, M5, M6] the samples of room-msglog.md give the documented answers and events", async () => {
  const { url } = await serverForTest();
  const [send, sent, get, got, event] = samples() as [
    object,
    object,
    object,
    { data: object[] },
    { data: object },
  ];
  const client = await RawClient.login(url, "user@domain", "c881cb76-3a2f-7353-a5fa-38c9862f00d9");
  await client.call("media/room/create", { class: "chat", room_id: "my_room_id" });
  await client.call("core/event/subscribe", { class: "media", subclass: "room", type: "msglog_new_msg" });

  const time = { timestmap: expect.any(Number) };
  const documented = { ...event.data, body: { ...(event.data as { body: object }).body, ...time } };
  client.send(send);
  expect(await client.next()).toEqual(sent);
  expect(await client.next()).toEqual({ ...event, data: documented, tid: expect.any(Number) });
  client.send(get);
  expect(await client.next()).toEqual({ ...got, data: [{ ...got.data[0], ...time }] });
});
