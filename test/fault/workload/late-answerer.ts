import { type Actor, CLOSED_HERE } from "./connect.ts";

/** Well within the 5 s that a client has (F8). */
const ANSWER_MS = 3000;

/**
 * A client that always has one event of the server to answer, and takes its time with it: the first that is closed
 * by a server that takes a pause of its own for one of the client.
 */
export async function beginLateAnswerer(url: string, name: string): Promise<Actor> {
  const socket = new WebSocket(url);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  let tid = 0;
  const call = (subclass: string, cmd: string, data: object) =>
    socket.send(JSON.stringify({ class: "core", subclass, cmd, data, tid: `${name}.${++tid}` }));
  const fireEvent = () => call("event", "send", { class: "calm", obj_id: name });
  const answer = (asked: unknown) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ result: "ok", tid: asked }));
    fireEvent();
  };
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data));
    if (frame.cmd === "event") setTimeout(answer, ANSWER_MS, frame.tid);
    else if (frame.cmd !== undefined) socket.send(JSON.stringify({ result: "ok", tid: frame.tid }));
  });
  socket.addEventListener("error", () => {});
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  call("user", "login", { user: name });
  call("event", "subscribe", { class: "calm", obj_id: name });
  fireEvent();
  return {
    ended: closed.then(({ code, reason }) => {
      if (!CLOSED_HERE.includes(code)) throw new Error(`the server closed the ${name}: ${code} ${reason}`);
    }),
    async leave() {
      socket.close(1000);
      await closed;
    },
  };
}
