import { nats } from "./nats.ts";
import { roomlog } from "./roomlog.ts";
import { socketio } from "./socketio.ts";
import { storeLimit } from "./store-limit.ts";
import type { System } from "./system.ts";
import { wsLimit } from "./ws-limit.ts";

/** What `--against` can name. */
const peers: Readonly<Record<string, readonly System[]>> = {
  limit: [wsLimit, storeLimit],
  socketio: [socketio],
  nats: [nats],
};

/** Roomlog and what it is compared with. */
export function systemsOf(against: readonly string[]): System[] {
  const named = against.map((name) => {
    const found = peers[name];
    if (!found) throw new Error(`There is no system ${name}, only ${Object.keys(peers).join(", ")}.`);
    return found;
  });
  return [roomlog, ...named.flat()];
}
