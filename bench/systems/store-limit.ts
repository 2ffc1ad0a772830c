import { inserter, openStore } from "../load/store.ts";
import type { System } from "./system.ts";

/** What SQLite can do with the same rows in one process, without sockets; it runs inside the load (load/store.ts). */
export const storeLimit: System = {
  name: "limit:store",
  dialect: undefined,
  isAnswered: false,
  kinds: ["senders", "pages"],
  setting: () =>
    "better-sqlite3, WAL, FULL, one commit for all that is in flight, pages by group_concat of the bare messages, no sockets",
  missing: () => undefined,
  fill(directory, { rooms, messages }) {
    const db = openStore(directory);
    inserter(db, rooms)(rooms * messages);
    db.close();
    return Promise.resolve();
  },
  start: () => Promise.resolve({ url: "", pids: [], stop: () => Promise.resolve() }),
};
