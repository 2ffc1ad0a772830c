import { join } from "node:path";
import Database from "better-sqlite3";
import { MESSAGE } from "../load/message.ts";
import type { DataSet } from "../support/fill.ts";
import { missingPeer, peerProgram, peerVersion } from "../support/peers.ts";
import { startProgram } from "../support/program.ts";
import type { System } from "./system.ts";

/** bench/peers/socketio.js: Socket.IO with better-sqlite3 as one would write it. */
export const socketio: System = {
  name: "socketio",
  dialect: "socketio",
  isAnswered: false,
  kinds: ["senders", "fanout", "paced", "pages", "idle"],
  setting: () =>
    `${peerVersion("socket.io")}, ${peerVersion("better-sqlite3")}, an fsync (FULL) for every insert, events not answered`,
  missing: () => missingPeer("socket.io") ?? missingPeer("better-sqlite3"),
  async fill(directory, data) {
    const { stop } = await startProgram([peerProgram("socketio.js"), directory]);
    await stop();
    insertAll(join(directory, "chat.db"), data);
  },
  async start(directory) {
    const { url, pid, stop } = await startProgram([peerProgram("socketio.js"), directory]);
    return { url, pids: [pid], stop };
  },
};

function insertAll(file: string, { prefix, rooms, messages }: DataSet): void {
  const db = new Database(file);
  const insert = db.prepare("INSERT INTO messages (room, user, at, msg) VALUES (?, ?, ?, ?)");
  db.transaction(() => {
    for (let room = 0; room < rooms; room++) {
      for (let i = 0; i < messages; i++) insert.run(`${prefix}-${room}`, `user ${i % 100}`, i, MESSAGE);
    }
  })();
  db.close();
}
