import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "@roomlog/client";

/** How long things took, in milliseconds. */
export interface Took {
  /** From the first byte to the answer of the login. */
  readonly logins: number[];
  readonly sends: number[];
}

export interface Crowd {
  readonly count: number;
  /** How many come in a second. */
  readonly perSecond: number;
}

const ROOMS = 20;

/** The rooms in which clients talk. */
export async function makeRooms(url: string): Promise<void> {
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: "host" });
  for (let i = 0; i < ROOMS; i++)
    await client.call("media/room/create", { class: "chat", room_id: `room-${i}` });
  await client.close();
}

/** Clients that come one after another, log in, listen to a room, and send there once a second until all have come. */
export async function talk(url: string, { count, perSecond }: Crowd): Promise<Took> {
  const took: Took = { logins: [], sends: [] };
  const all = new AbortController();
  const everybody = Array.from({ length: count }, async (_, i) => {
    await sleep((i * 1000) / perSecond);
    const client = await logIn(url, i, took.logins);
    while (!all.signal.aborted) {
      await send(client, i, took.sends);
      await sleep(1000);
    }
    await client.close();
  });
  await sleep((count * 1000) / perSecond + 1000);
  all.abort();
  await Promise.all(everybody);
  return took;
}

async function logIn(url: string, number: number, took: number[]): Promise<Connection> {
  const began = performance.now();
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: `user-${number}` });
  took.push(performance.now() - began);
  await client.call("core/event/subscribe", { class: "media", obj_id: `room-${number % ROOMS}` });
  return client;
}

async function send(client: Connection, number: number, took: number[]): Promise<void> {
  const began = performance.now();
  await client.call("media/room/msglog_send", { room_id: `room-${number % ROOMS}`, msg: { text: "hello" } });
  took.push(performance.now() - began);
}
