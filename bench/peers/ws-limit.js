/**
 * What a WebSocket server in Node can do at best: sends are parsed and acknowledged but stored nowhere; what came in
 * one read leaves to each subscriber in one write of the same bytes, framed once. It speaks as much of Roomlog's
 * protocol as the workloads need.
 */
import { WebSocketServer } from "ws";

const OPEN_FRAME = 0x81;
const rooms = new Map();

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => console.log(`ready ws://127.0.0.1:${server.address().port}`));
server.on("connection", (ws, { socket }) => {
  const replies = new Outlet([socket]);
  ws.on("message", (data) => {
    const { cmd, data: input, tid } = JSON.parse(data);
    const reply = (text) => replies.add(framed(`{"result":"ok"${text},"tid":${JSON.stringify(tid)}}`));
    if (cmd === "msglog_send") return send(input, reply);
    if (cmd === "msglog_subscribe") room(input.room_id).events.sockets.push(socket);
    reply("");
  });
});

function send({ room_id, msg }, reply) {
  const one = room(room_id);
  const { events } = one;
  const id = ++one.last;
  reply(`,"data":{"msg_id":${id}}`);
  if (events.sockets.length === 0) return;
  const body = JSON.stringify({ ...msg, msg_id: id });
  const event = `{"class":"media","subclass":"room","type":"msglog_new_msg","obj_id":"${room_id}","body":${body}}`;
  events.add(framed(`{"class":"core","cmd":"event","data":${event},"tid":${id}}`));
}

function room(id) {
  const found = rooms.get(id) ?? { events: new Outlet([]), last: 0 };
  rooms.set(id, found);
  return found;
}

/** Collects frames for one turn of the event loop, then writes them to each of its sockets as one. */
class Outlet {
  #frames = [];

  constructor(sockets) {
    this.sockets = sockets;
  }

  add(frame) {
    if (this.#frames.push(frame) === 1) setImmediate(() => this.#flush());
  }

  #flush() {
    const bytes = this.#frames.length === 1 ? this.#frames[0] : Buffer.concat(this.#frames);
    this.#frames = [];
    for (const socket of this.sockets) socket.write(bytes);
  }
}

function framed(text) {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = length < 126 ? [OPEN_FRAME, length] : [OPEN_FRAME, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}
