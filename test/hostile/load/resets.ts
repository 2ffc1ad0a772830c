import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../fault/frame/random.ts";
import { maskedFrame } from "../../support/raw-socket.ts";

const AT_ONCE = 50;

/** Some are reset at once, some after several answers; what does not come is not waited for any longer. */
const MOST_ANSWERS = 6;
const PATIENCE_MS = 250;

/** Everything that a client sends in a short session. */
const SESSION = Buffer.concat([
  Buffer.from(
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  ),
  ...[
    { class: "core", subclass: "user", cmd: "login", data: { user: "gone" }, tid: 1 },
    { class: "core", subclass: "event", cmd: "subscribe", data: { class: "media" }, tid: 2 },
    { class: "media", subclass: "room", cmd: "create", data: { class: "chat", room_id: "r" }, tid: 3 },
    { class: "media", subclass: "room", cmd: "msglog_subscribe", data: { room_id: "r" }, tid: 4 },
    { class: "media", subclass: "room", cmd: "msglog_send", data: { room_id: "r", msg: { a: 1 } }, tid: 5 },
    { class: "media", subclass: "room", cmd: "msglog_get", data: { room_id: "r", limit: 10 }, tid: 6 },
    { class: "core", cmd: "ping", tid: 7 },
  ].map((request) => maskedFrame(0x81, JSON.stringify(request))),
  maskedFrame(0x89, "ping"),
  maskedFrame(0x01, '{"class":'),
  maskedFrame(0x80, '"core"}'),
]);

/** Begins that many sessions and resets each at a random byte. */
export async function reset(url: string, count: number, random: Random): Promise<void> {
  let left = count;
  const worker = async (draw: Random) => {
    while (left-- > 0) await begin(url, draw);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => worker(random.fork())));
}

async function begin(url: string, random: Random): Promise<void> {
  const end = random.int(0, SESSION.length);
  const middle = random.int(0, end);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const gone = once(socket, "close");
  socket.write(SESSION.subarray(0, middle));
  await sleep(random.int(0, 5));
  socket.write(SESSION.subarray(middle, end));
  const answers = random.int(0, MOST_ANSWERS);
  for (let i = 0; i < answers; i++) await Promise.race([once(socket, "data"), sleep(PATIENCE_MS)]);
  socket.resetAndDestroy();
  await gone;
}
