import {
  Client,
  type ClientState,
  type Message,
  type Room,
  type RoomEvents,
  type Schema,
} from "@roomlog/client";
import type { roomEvents } from "@roomlog/protocol";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";

interface ChatMessage {
  readonly text: string;
}

/** `npm run types` checks what stands in here; it is never called. */
async function typed(client: Client): Promise<void> {
  const room = await client.join<ChatMessage>("r");
  expectTypeOf(room).toEqualTypeOf<Room<ChatMessage>>();
  for await (const message of room.messages()) {
    expectTypeOf(message).toEqualTypeOf<Message<ChatMessage>>();
    expectTypeOf(message.msg.text).toBeString();
    expectTypeOf(message.timestamp).toBeNumber();
    expectTypeOf(message.sentAt).toEqualTypeOf<Date>();
    // @ts-expect-error: on the wire it is called so, not here
    message.timestmap;
  }
  for await (const { msg } of room.history({ order: "asc" })) expectTypeOf(msg).toEqualTypeOf<ChatMessage>();
  expectTypeOf(await room.send({ text: "x" })).toEqualTypeOf<{
    msg_id: number;
    duplicate?: true | undefined;
  }>();
  // @ts-expect-error: a message has a text
  await room.send({ txt: "x" });
  // @ts-expect-error: a message is an object
  await room.send("x");

  await client.join("r", { where: { "/lang": { in: ["de", "fr"] }, user_id: "ann" } });
  // @ts-expect-error: a filter is an object
  await client.join("r", { where: "de" });

  const schema = z.object({ text: z.string(), at: z.coerce.date() });
  const checked = await client.join("r", { schema });
  expectTypeOf(checked).toEqualTypeOf<Room<{ text: string; at: Date }>>();
  expectTypeOf<StandardSchemaV1<unknown, ChatMessage>>().toExtend<Schema<ChatMessage>>();

  room.on("info", ({ info, user_id }) => expectTypeOf([info, user_id]).toEqualTypeOf<string[]>());
  room.on("schema", ({ type, by, version, removed }) => {
    expectTypeOf([type, by]).toEqualTypeOf<string[]>();
    expectTypeOf(version).toBeNumber();
    expectTypeOf(removed).toEqualTypeOf<true | undefined>();
  });
  // @ts-expect-error: there is no such event
  room.on("infos", () => {});

  const created = await client.call("media/room/create", { class: "chat" });
  expectTypeOf(created).toEqualTypeOf<{ room_id: string }>();
  // @ts-expect-error: there is no such class
  await client.call("media/room/create", { class: "disco" });
  // @ts-expect-error: there is no such command
  await client.call("media/room/dance", {});

  const state: ClientState = client.state;
  if (state.kind === "waiting") expectTypeOf(state.retry_in_ms).toBeNumber();
  // @ts-expect-error: only who waits has to
  state.retry_in_ms;
}

test("types are checked by the compiler", () => {
  expect(typed).toBeTypeOf("function");
  expectTypeOf(Client.connect).returns.resolves.toEqualTypeOf<Client>();
});

/** `created` is told when nobody can be in the room yet; a replay has its own iterator. */
type Heard = Exclude<keyof typeof roomEvents, "created" | "msglog_replay_ended">;

test("[R5, R9, M5, M13, M19, M21, M24] a room has listeners for each event of the protocol", () => {
  expectTypeOf<keyof RoomEvents>().toEqualTypeOf<Heard | "members">();
});
