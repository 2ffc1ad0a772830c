import { type Actor, gone, type Site } from "./connect.ts";
import { connectRaw } from "./raw-client.ts";

/** Well within the 5 s that a client has (F8). */
const ANSWER_MS = 3000;

/**
 * A client that always has one event of the server to answer, and takes its time with it: the first to be closed by
 * a server that takes a pause of its own for one of the client.
 */
export async function beginLateAnswerer(site: Site, name: string): Promise<Actor> {
  const client = await connectRaw(site.url, ({ cmd, tid }) => {
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
    ended: gone(client, site),
    async leave() {
      client.close();
      await client.closed;
    },
  };
}
