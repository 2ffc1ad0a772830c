/** The bare limit of the store: what SQLite can do in this process with the same rows, without sockets. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { PAGE } from "./dialect.ts";
import type { Load } from "./load.ts";
import { MESSAGE, nowMicros } from "./message.ts";
import { before, type PagesShape } from "./pages.ts";
import type { SendersShape } from "./senders.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS messages (
  room INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL,
  user TEXT NOT NULL, session TEXT NOT NULL, msg TEXT NOT NULL,
  PRIMARY KEY (room, id)) WITHOUT ROWID`;
const SESSION = "5f0c0c52-5d0c-4b1e-9d0e-000000000000";

export function openStore(directory: string): Database.Database {
  const db = new Database(join(directory, "limit.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(TABLE);
  return db;
}

/** Writes messages to the end of rooms in turn; the batch is one transaction. */
export function inserter(db: Database.Database, rooms: number): (count: number) => void {
  const insert = db.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)");
  const last = new Float64Array(rooms);
  let next = 0;
  return db.transaction((count: number) => {
    for (let i = 0; i < count; i++, next++) {
      const room = next % rooms;
      last[room] = (last[room] as number) + 1;
      insert.run(room, last[room] as number, nowMicros(), `user-${room}`, SESSION, MESSAGE);
    }
  });
}

/** Commits batches as large as all that is in flight, one after the other. */
export function commits(directory: string, { senders, rooms, inFlight }: SendersShape): Load {
  const insert = inserter(openStore(directory), rooms);
  return repeated(() => {
    insert(senders * inFlight);
    return senders * inFlight;
  });
}

/** Pages as one text each, put together by SQLite. */
export function storedPages(directory: string, shape: PagesShape): Load {
  const page = openStore(directory)
    .prepare<[number, number], string>(
      `SELECT '[' || group_concat(msg, ',') || ']'
       FROM (SELECT msg FROM messages WHERE room = 0 AND id < ? ORDER BY id DESC LIMIT ?)`,
    )
    .pluck();
  return repeated(() => {
    const text = page.get(before(shape) ?? Number.MAX_SAFE_INTEGER, PAGE);
    if (!text || text.length < PAGE * MESSAGE.length) throw new Error(`a page of ${text?.length} characters`);
    return 1;
  });
}

/** Does something that counts again and again, without holding up timers. */
function repeated(step: () => number): Load {
  let done = 0;
  let isRunning = false;
  const go = () => {
    if (!isRunning) return;
    done += step();
    setImmediate(go);
  };
  return {
    get done() {
      return done;
    },
    start() {
      isRunning = true;
      go();
    },
    stop() {
      isRunning = false;
      return Promise.resolve();
    },
  };
}
