import { type Actor, CLOSED_HERE } from "./connect.ts";
import { connectRaw } from "./raw-client.ts";

/** Well within the 5 s that a client has (F8). */
const ANSWER_MS = 3000;

/**
 * A client that always has one event of the server to answer, and takes its time with it: the first to be closed by
 * a server that takes a pause of its own for one of the client.
 */
export async function beginLateAnswerer(url: string, name: string): Promise<Actor> {
  const client = await connectRaw(url, ({ cmd, tid }) => {
    if (cmd === "event") setTimeout(answer, ANSWER_MS, tid);
    else client.answer(tid);
  });
  const calm = { class: "calm", obj_id: name };
  const answer = (tid: unknown) => {
    client.answer(tid);
    client.call("event", "send", calm);
  };
  client.call("user", "login", { user: name });
  client.call("event", "subscribe", calm);
  client.call("event", "send", calm);
  return {
    ended: client.closed.then(({ code, reason }) => {
      if (!CLOSED_HERE.includes(code)) throw new Error(`the server closed the ${name}: ${code} ${reason}`);
    }),
    async leave() {
      client.close();
      await client.closed;
    },
  };
}
