import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { Write } from "../../packages/server/src/store/store.ts";
import { MESSAGE } from "../load/message.ts";

/** Rooms `PREFIX-0`, `PREFIX-1` … with so many messages each. */
export interface DataSet {
  readonly prefix: string;
  readonly rooms: number;
  readonly messages: number;
}

/** Most writes in one commit. */
const BATCH = 10_000;
const START = 1_700_000_000_000_000;

/** Writes a data set through the store, without a server. */
export async function fillStore(directory: string, { prefix, rooms, messages }: DataSet): Promise<void> {
  const store = new SqliteStore(directory);
  await store.open();
  let batch: Write[] = [];
  const write = async (one: Write) => {
    if (batch.push(one) < BATCH) return;
    await store.commit(batch);
    batch = [];
  };
  for (let room = 0; room < rooms; room++) {
    const key = { service: "main", room_id: `${prefix}-${room}` };
    await write({
      kind: "create_room",
      ...key,
      epoch: `e${room}`,
      info: { class: "chat" },
      created_at: START,
    });
    for (let i = 0; i < messages; i++) {
      const author = { user_id: `user ${i % 100}`, session_id: `session ${i % 200}` };
      await write({ kind: "append", ...key, ...author, timestmap: START + i * 1000, msg: MESSAGE });
    }
  }
  await store.commit(batch);
  await store.close();
}
