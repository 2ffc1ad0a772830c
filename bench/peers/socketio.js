/**
 * A chat with history as one would write it with Socket.IO and better-sqlite3: insert, tell the room, acknowledge.
 *
 *     node socketio.js DIRECTORY
 */
import { join } from "node:path";
import Database from "better-sqlite3";
import { Server } from "socket.io";

const db = new Database(join(process.argv[2], "chat.db"));
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS messages
  (id INTEGER PRIMARY KEY, room TEXT NOT NULL, user TEXT NOT NULL, at INTEGER NOT NULL, msg TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS by_room ON messages (room, id);`);
const insert = db.prepare("INSERT INTO messages (room, user, at, msg) VALUES (?, ?, ?, ?)");
const page = db.prepare(
  "SELECT id, user, at, msg FROM messages WHERE room = ? AND id < ? ORDER BY id DESC LIMIT 50",
);

const io = new Server(0, { transports: ["websocket"] });
io.httpServer.on("listening", () => console.log(`ready ws://127.0.0.1:${io.httpServer.address().port}`));
io.on("connection", (socket) => {
  const { user } = socket.handshake.auth;
  socket.on("join", (room, done) => {
    void socket.join(room);
    done();
  });
  socket.on("send", (room, msg, done) => {
    const at = Date.now();
    const { lastInsertRowid: id } = insert.run(room, user, at, JSON.stringify(msg));
    io.to(room).emit("message", { room, id, user, at, msg });
    done(id);
  });
  socket.on("page", (room, before, done) => {
    const rows = page.all(room, before ?? Number.MAX_SAFE_INTEGER);
    done(rows.map((row) => ({ ...row, msg: JSON.parse(row.msg) })));
  });
});
