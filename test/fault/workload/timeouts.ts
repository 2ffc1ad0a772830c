import { randomUUID } from "node:crypto";
import type { CommandData } from "@roomlog/protocol";
import { exceeds } from "../frame/exceeds.ts";
import { within } from "../frame/within.ts";
import { login } from "./connect.ts";
import { connectRaw } from "./raw-client.ts";

/** A client has so long to answer (F8), and to log in (L3); a room in which nothing happens lives so long (R6). */
const ANSWER_SECONDS = 5;
const LOGIN_SECONDS = 10;
const ROOM_SECONDS = 6;
const NOT_ANSWERED = 4001;
const NO_LOGIN = 4004;

/** The server looks at its clients once a second; the rest is the machine's. */
const EARLY_MS = 100;
const LATE_MS = 3000;
/** What does not end by then does not end. */
const LOST_MS = 30_000;

/** Lives longer than any run; a clock that jumps by a day must not end it. */
const PATIENT = { room_id: "patient", class: "chat", timeout: 7200 } as const;

export interface Timeouts {
  /** How many times were measured. */
  readonly measured: number;
  /** What ended too early or too late, in words. */
  readonly faults: readonly string[];
  /** Takes what is running to its end; then asks for what must be there still. */
  finish(): Promise<void>;
}

/** Measures the times of the server again and again. */
export async function watchTimeouts(url: string): Promise<Timeouts> {
  const faults: string[] = [];
  let measured = 0;
  let finishing = false;
  const measure = async (who: string, seconds: number, once: (url: string) => Promise<number>) => {
    do {
      const ms = await within(seconds * 1000 + LOST_MS, once(url), `the end of ${who}`);
      measured += 1;
      const late = ms - seconds * 1000;
      if (late < -EARLY_MS || exceeds(late, LATE_MS))
        faults.push(`${who} was ended after ${Math.round(ms)} ms instead of ${seconds} s`);
    } while (!finishing);
  };
  await createRoom(url, PATIENT);
  const running = Promise.all([
    measure("a mute client", ANSWER_SECONDS, muteClient),
    measure("a stranger", LOGIN_SECONDS, stranger),
    measure("a quiet room", ROOM_SECONDS, quietRoom),
  ]).catch((error: unknown) => void faults.push(String(error)));
  return {
    faults,
    get measured() {
      return measured;
    },
    async finish() {
      finishing = true;
      await running;
      if (!(await isThere(url, PATIENT.room_id))) faults.push("the patient room was ended");
    },
  };
}

/** From an event that it does not answer to its end. */
async function muteClient(url: string): Promise<number> {
  const asked = Promise.withResolvers<number>();
  const client = await connectRaw(url, ({ cmd }) => cmd === "event" && asked.resolve(performance.now()));
  client.call("user", "login", { user: "mute" });
  client.call("event", "subscribe", { class: "mute" });
  client.call("event", "send", { class: "mute" });
  const { code } = await client.closed;
  if (code !== NOT_ANSWERED) throw new Error(`a mute client was closed with ${code}`);
  return performance.now() - (await asked.promise);
}

async function stranger(url: string): Promise<number> {
  const client = await connectRaw(url, () => {});
  const began = performance.now();
  const { code } = await client.closed;
  if (code !== NO_LOGIN) throw new Error(`a stranger was closed with ${code}`);
  return performance.now() - began;
}

/** From its creation to its end. */
async function quietRoom(url: string): Promise<number> {
  const room = { room_id: `quiet-${randomUUID()}`, class: "chat", timeout: ROOM_SECONDS } as const;
  const destroyed = Promise.withResolvers<number>();
  const client = await login(url, "watcher", { onEvent: () => destroyed.resolve(performance.now()) });
  const end = { class: "media", subclass: "room", type: "destroyed", obj_id: room.room_id };
  await client.call("core/event/subscribe", end);
  await client.call("media/room/create", room);
  const began = performance.now();
  const ms = (await destroyed.promise) - began;
  await client.close();
  return ms;
}

async function createRoom(url: string, room: CommandData<"media/room/create">): Promise<void> {
  const client = await login(url, "founder");
  await client.call("media/room/create", room);
  await client.close();
}

async function isThere(url: string, room_id: string): Promise<boolean> {
  const client = await login(url, "watcher");
  const list = await client.call("media/room/get_list", { prefix: room_id });
  await client.close();
  return list.some((room) => room.room_id === room_id);
}
