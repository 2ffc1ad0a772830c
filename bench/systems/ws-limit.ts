import { missingPeer, peerProgram, peerVersion } from "../support/peers.ts";
import { startProgram } from "../support/program.ts";
import type { System } from "./system.ts";

/** The least that a WebSocket server in Node can do: nothing is stored, nothing answered. */
export const wsLimit: System = {
  name: "limit:ws",
  dialect: "roomlog",
  isAnswered: false,
  kinds: ["senders", "fanout", "paced", "idle"],
  setting: () => `${peerVersion("ws")}, no store, acks at once, one framing for all, events not answered`,
  missing: () => missingPeer("ws"),
  async start() {
    const { url, pid, stop } = await startProgram([peerProgram("ws-limit.js")]);
    return { url, pids: [pid], stop };
  },
};
