/**
 * Erases what ann wrote in the room "r" of a data directory, in small slices, until it is killed. What each slice has
 * erased is a line on stdout, written before anything else happens.
 */
import { ManagedStore } from "../../packages/server/src/store/managed.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { ErasePlace } from "../../packages/server/src/store/store.ts";

const [directory = "."] = process.argv.slice(2);
const service = "main";
const erasure = { service, user_id: "ann", receipt: "first" };

const store = new ManagedStore(
  new SqliteStore(directory),
  { batch_writes: 10, batch_bytes: 65_536 },
  (cause) => {
    throw cause;
  },
);
await store.open();
store.write({ kind: "begin_erasure", ...erasure, by: "opa" }, () => slice({ msg_id: 1, change: 0 }));

function slice(from: ErasePlace): void {
  const life = { room_id: "r", epoch: "e" };
  store.write({ kind: "erase", ...erasure, ...life, from, names_before: 0, most: 8 }, (outcome) => {
    if (outcome.kind !== "erased") throw new Error(`answered ${outcome.kind}`);
    process.stdout.write(`${outcome.messages}\n`);
    if (outcome.next) slice(outcome.next);
  });
}
