import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { Append, Write } from "../../packages/server/src/store/store.ts";
import type { Chance } from "./chance.ts";

const SERVICE = "main";

/** Writes, by chance, whatever a store keeps: rooms, lives, logs that were changed and trimmed, people, webhooks. */
export async function writeSample(directory: string, chance: Chance): Promise<void> {
  const store = new SqliteStore(directory);
  await store.open();
  let epochs = 0;
  const rooms = ["one", "two", "drei ☂"].map((room_id) => ({ service: SERVICE, room_id }));
  const create = (room: (typeof rooms)[number]): Write => ({
    kind: "create_room",
    ...room,
    epoch: `epoch ${++epochs}`,
    info: {
      class: "chat",
      meta: { title: `${room.room_id} ${"x".repeat(chance.below(300))}` },
      retention: { max_age: 9 },
    },
    created_at: epochs,
    owner: "ann",
  });
  await store.commit([{ kind: "set_search", service: SERVICE, on: true }, ...rooms.map(create)]);
  await store.commit([
    { kind: "set_webhooks", service: SERVICE, webhooks: ["hook", "other"], now: 5, forget_before: 0 },
  ]);
  for (let round = 0; round < 12; round++) {
    for (const room of rooms) {
      const size = 20 + chance.below(60);
      await store.commit(Array.from({ length: size }, () => entry(room, chance)));
      await store.commit(aside(room, chance));
    }
  }
  const [, second, third] = rooms as [(typeof rooms)[0], (typeof rooms)[0], (typeof rooms)[0]];
  for (const room of [second, third]) {
    const epoch = (await store.room(room))?.epoch as string;
    const bounds = { retention: {}, now: 0, names_before: 0 };
    await store.commit([
      { kind: "trim", ...room, epoch, before: 300 + chance.below(100), bounds, most: 1000 },
    ]);
  }
  const epoch = (await store.room(third))?.epoch as string;
  await store.commit([{ kind: "destroy_room", ...third, destroyed_at: 9e6, keep_log: true }]);
  await store.commit([create(third), ...Array.from({ length: 40 }, () => entry(third, chance))]);
  const dead = { from_id: 1, to_id: 5, error: "410", at: 7 };
  const cursor = {
    kind: "move_cursor",
    ...third,
    webhook: "hook",
    epoch,
    delivered_id: 5,
    ended: false,
    dead,
  } as const;
  await store.commit([cursor]);
  // An ended life of which nothing is left, and one that has never had anything.
  await store.commit([
    create({ service: SERVICE, room_id: "emptied" }),
    entry({ service: SERVICE, room_id: "emptied" }, chance),
  ]);
  const bounds = { retention: {}, now: 0, names_before: 0 };
  await store.commit([
    {
      kind: "trim",
      service: SERVICE,
      room_id: "emptied",
      epoch: `epoch ${epochs}`,
      before: 2,
      bounds,
      most: 9,
    },
    create({ service: SERVICE, room_id: "new" }),
  ]);
  await store.close();
}

function entry(room: { readonly service: string; readonly room_id: string }, chance: Chance): Append {
  const change = chance.one([undefined, undefined, undefined, "edit", "delete"] as const);
  const text = chance.one([
    "",
    "é",
    "😀 \ufffd",
    "x".repeat(chance.below(200)),
    "y".repeat(chance.below(9000)),
  ]);
  return {
    kind: "append",
    ...room,
    user_id: chance.one(["ann", "bob", "zoë"]),
    session_id: chance.one(["s1", "s2", "s3", "s4"]),
    timestmap: 1e15 + chance.below(1e6),
    msg: change === "delete" ? "{}" : JSON.stringify({ text }),
    ...(chance.below(3) === 0 && { client_msg_id: `c${chance.below(1e9)}` }),
    ...(chance.below(4) === 0 && !change && { mentions: ["ann", "bob"] }),
    ...(chance.below(5) === 0 && { ref: 1 + chance.below(100) }),
    ...(change && { ref: 1 + chance.below(200), change: { op: change, any: true } }),
  };
}

/** What goes on in a room beside its log. */
function aside(room: { readonly service: string; readonly room_id: string }, chance: Chance): Write[] {
  const user_id = `user ${chance.below(40)}`;
  return [
    {
      kind: "set_role",
      ...room,
      user_id,
      role: chance.one(["member", "banned", undefined]),
      until: chance.below(1e6),
    },
    { kind: "set_mark", ...room, user_id, msg_id: 1 + chance.below(20) },
    { kind: "set_mute", ...room, user_id: "bob", muted: chance.below(2) === 0 },
    { kind: "set_since", ...room, user_id },
    { kind: "change_access", ...room, change: { slow_mode: chance.below(9), history: "joined" } },
    { kind: "update_room", ...room, retention: { max_messages: 1000 + chance.below(9) } },
  ];
}
