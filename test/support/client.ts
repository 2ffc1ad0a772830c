import { Client, type ClientOptions, type Message } from "@roomlog/client";
import type { ConfigInput, Server } from "roomlog";
import { onTestFinished } from "vitest";
import { dataDirectory, serverForTest } from "./server.ts";
import { Way } from "./way.ts";

/** It tries again soon: after 10 ms, 20 ms … */
const eager = { user: "ann", random: () => 0.02 };

export async function clientFor(url: string, options: ClientOptions = {}): Promise<Client> {
  const client = await Client.connect(url, { ...eager, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A server that can be stopped and started again, behind a way that can be cut. */
export async function behindWay(config: ConfigInput = {}) {
  const data = dataDirectory();
  const start = () => serverForTest({ data, ...config });
  let server: Server = await start();
  const way = await Way.listen(server.urls[0]);
  onTestFinished(() => way.close());
  return {
    way,
    url: way.url,
    /** Past that way. */
    get direct() {
      return server.urls[0] as string;
    },
    async stop() {
      way.target = undefined;
      await server.close();
    },
    async start() {
      server = await start();
      way.target = server.urls[0];
    },
  };
}

/** The next `count` messages. */
export async function take<T>(messages: AsyncGenerator<Message<T>>, count: number): Promise<Message<T>[]> {
  const taken: Message<T>[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** All that are left, of an iterator that ends. */
export function all<T>(messages: AsyncGenerator<Message<T>>): Promise<Message<T>[]> {
  return take(messages, Number.POSITIVE_INFINITY);
}

export function ids(messages: readonly Message<unknown>[]): number[] {
  return messages.map(({ msg_id }) => msg_id);
}

/** From `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** Resolves when the client is in this state. */
export function becomes(client: Client, kind: Client["state"]["kind"]): Promise<void> {
  if (client.state.kind === kind) return Promise.resolve();
  return new Promise((resolve) => {
    const off = client.onState((state) => {
      if (state.kind !== kind) return;
      off();
      resolve();
    });
  });
}
