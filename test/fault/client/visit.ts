import type * as Roomlog from "@roomlog/client";

/** What a visitor is told. */
export interface Visit {
  readonly url: string;
  readonly user: string;
  readonly room_id: string;
  /** Milliseconds between two sends. */
  readonly pace: number;
  /** It makes a pause while so many sends wait. */
  readonly mostWaiting: number;
  /** The client takes a silent server for gone after twice as long, in milliseconds. */
  readonly silent_ms: number;
}

/** A message as an iterator gave it. */
export type Given = readonly [msg_id: number, id: string];

/** What came of a visit. */
export interface Report {
  /** By iterator; each began behind `after`. */
  readonly iterators: readonly {
    readonly name: string;
    readonly after: number;
    readonly given: readonly Given[];
  }[];
  /** What each send resolved with. */
  readonly sent: readonly Given[];
  /** Sends that were begun. */
  readonly begun: number;
  readonly forwards: readonly Given[];
  readonly backwards: readonly Given[];
  readonly problems: readonly string[];
  readonly connections: number;
}

/** How far a visitor is. */
export interface Glance {
  /** The least id that all iterators have given. */
  readonly level: number;
  readonly isOpen: boolean;
}

/** A new token for who has this name; it is good for a few seconds. */
export type TokenFor = (user: string) => Promise<string>;

export interface Visitor {
  glance(): Glance;
  /** Ends the sending; resolves when each send has an outcome. */
  quiet(): Promise<void>;
  report(): Promise<Report>;
  leave(): Promise<void>;
}

/**
 * Sends without a pause and reads by several iterators, in whatever runs it: Node, or a page, to which the text of this
 * function goes. So it uses nothing from outside.
 */
export async function visit(
  { Client }: typeof Roomlog,
  { url, user, room_id, pace, mostWaiting, silent_ms }: Visit,
  tokenFor: TokenFor,
): Promise<Visitor> {
  type Chat = { readonly id: string };
  const problems: string[] = [];
  const wrong = (what: string) => (error: unknown) => void problems.push(`${what}: ${error}`);
  let connections = 0;
  const backoff = { first_ms: 50, most_ms: 400 };
  const connect = (onState: Roomlog.ClientOptions["onState"]) =>
    Client.connect(url, {
      token: () => tokenFor(user),
      backoff,
      connect_ms: 4 * silent_ms,
      silent_ms,
      onState,
    });
  const client = await connect((state) => {
    if (state.kind === "open") connections += 1;
    if (state.kind === "closed" && state.reason) problems.push(`the client was closed: ${state.reason}`);
  });
  const room = await client.join<Chat>(room_id, { create: { class: "chat" } });
  const iterators: { name: string; after: number; given: Given[] }[] = [];
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const read = async (name: string, after: number, restMs: number) => {
    const given: Given[] = [];
    iterators.push({ name, after, given });
    for await (const { msg_id, msg } of room.messages({ after })) {
      given.push([msg_id, msg.id]);
      if (restMs > 0 && given.length % 100 === 0) await wait(restMs);
    }
    throw new Error("it ended");
  };
  void read("quick", 0, 0).catch(wrong("the quick iterator"));
  void read("slow", 0, 300).catch(wrong("the slow iterator"));
  void read("late", room.last_id, 0).catch(wrong("the late iterator"));
  // Somebody who comes and goes, and reads on where he was.
  const wanderer = await connect(() => {});
  let isOver = false;
  const wander = async () => {
    const given: Given[] = [];
    iterators.push({ name: "wandering", after: 0, given });
    for (let most = 1; !isOver; most = (most * 3) % 200) {
      const stay = await wanderer.join<Chat>(room_id);
      const until = given.length + most;
      for await (const { msg_id, msg } of stay.messages({ after: given.at(-1)?.[0] ?? 0 })) {
        given.push([msg_id, msg.id]);
        if (given.length >= until) break;
      }
      await stay.leave();
    }
  };
  void wander().catch((error) => isOver || wrong("the wandering iterator")(error));

  const sent: Given[] = [];
  const sends: Promise<void>[] = [];
  let waiting = 0;
  const send = () => {
    if (waiting >= mostWaiting) return;
    waiting += 1;
    const id = `${user} ${sends.length + 1}`;
    const kept = room.send({ id }).then(({ msg_id }) => void sent.push([msg_id, id]));
    const over = () => {
      waiting -= 1;
    };
    sends.push(kept.catch(wrong(`the send of ${id}`)).then(over));
  };
  const timer = setInterval(send, pace);
  const all = async (order: "asc" | "desc") => {
    const found: Given[] = [];
    for await (const { msg_id, msg } of room.history({ order })) found.push([msg_id, msg.id]);
    return found;
  };
  return {
    glance: () => ({
      level: Math.min(...iterators.map(({ given, after }) => given.at(-1)?.[0] ?? after)),
      isOpen: client.state.kind === "open",
    }),
    async quiet() {
      clearInterval(timer);
      await Promise.all(sends);
    },
    report: async () => {
      const [forwards, backwards] = [await all("asc"), await all("desc")];
      const found = { iterators, sent, begun: sends.length, forwards, backwards, problems, connections };
      return JSON.parse(JSON.stringify(found));
    },
    async leave() {
      isOver = true;
      await Promise.all([client.close(), wanderer.close()]);
    },
  };
}
