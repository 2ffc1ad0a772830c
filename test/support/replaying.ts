import type { ConfigInput } from "roomlog";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom, roomCalls } from "./in-room.ts";
import { type Frame, RawClient } from "./raw-client.ts";

/** The first message of the room "r" was sent then; µs since 1970. */
export const T0 = 1_700_000_000_000_000;
/** So many seconds later. */
export const at = (seconds: number) => T0 + seconds * 1_000_000;

/** What a client got of replays, or of one, in its order: ids of messages, reasons of ends. */
export function got(client: RawClient, replay?: number): (number | string)[] {
  return client.texts.flatMap((text) => {
    const { cmd, data }: Frame = JSON.parse(text);
    if (cmd !== "event" || data.obj_id !== "r") return [];
    const of = data.body?.$log?.replay ?? data.body?.replay;
    if (of === undefined || (replay !== undefined && of !== replay)) return [];
    return data.body.msg_id ?? data.body.reason;
  });
}

/** The commands of replays of the room "r". */
export function replayCalls(client: RawClient) {
  const call = async (cmd: string, data: object): Promise<Frame> =>
    client.call(`media/room/${cmd}`, { room_id: "r", ...data });
  return {
    play: (data: object = {}) => call("msglog_replay", data),
    set: (replay: number, data: object) => call("msglog_replay_set", { replay, ...data }),
    stop: (replay: number) => call("msglog_replay_stop", { replay }),
  };
}

/**
 * A room whose messages were sent `seconds` after the first, by a clock that stands still now, and bob, who answers
 * what he gets. `pass` lets time go on, and what is due arrive.
 */
export async function recorded(seconds: readonly number[], config: ConfigInput = {}) {
  const clock = new ManualClock();
  const room = await inRoom({ store: { kind: "memory" }, ...config }, { clock });
  let now = 0;
  const until = (second: number) => {
    clock.advance((second - now) * 1000);
    now = second;
  };
  for (const [i, second] of seconds.entries()) {
    until(second);
    await room.send({ n: i + 1 });
  }
  const bob = (await RawClient.login(room.url, "bob", "b1")).answering();
  const pass = async (ms: number) => {
    clock.advance(ms);
    await bob.settled();
  };
  /** Sends as somebody else. */
  const as = async (user: string, msg: object) => {
    const client = await RawClient.login(room.url, user);
    await roomCalls(client).send(msg);
    await client.close();
  };
  return { ...room, clock, until, bob, pass, as, ...replayCalls(bob) };
}
