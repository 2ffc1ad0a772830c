/**
 * Appends to the rooms of a data directory until it is killed. Every answer is one line on stdout: room_id, msg_id
 * and msg, separated by tabs, written before anything else happens
 * as far as the pipe has room.
 */
import { ManagedStore } from "../../packages/server/src/store/managed.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";

const [directory = "."] = process.argv.slice(2);
const IN_FLIGHT_PER_ROOM = 8;
const service = "main";
let count = 0;

const store = new ManagedStore(
  new SqliteStore(directory),
  { batch_writes: 10, batch_bytes: 65_536 },
  (cause) => {
    throw cause;
  },
);
await store.open();
store.write({ kind: "set_search", service, on: true }, () => {});
for (const room_id of ["r1", "r2", "r3"]) {
  const room = { service, room_id, epoch: "e1", info: { class: "chat" }, created_at: 1 } as const;
  store.write({ kind: "create_room", ...room }, () => {});
  for (let i = 0; i < IN_FLIGHT_PER_ROOM; i++) append(room_id);
}

function append(room_id: string): void {
  count += 1;
  const msg = `{"process":"p${process.pid}","count":"c${count}"}`;
  const message = { user_id: "ann", session_id: "s1", timestmap: Date.now() * 1000, msg };
  store.write({ kind: "append", service, room_id, ...message }, (outcome) => {
    if (outcome.kind !== "appended") throw new Error(`answered ${outcome.kind}`);
    // Not writeSync: that fails when the reader is behind (EAGAIN).
    process.stdout.write(`${room_id}\t${outcome.msg_id}\t${msg}\n`);
    append(room_id);
  });
}
