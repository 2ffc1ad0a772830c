import { startServerProcess } from "../support/server.ts";
import type { System } from "./system.ts";

/** The built server as it is by default, open on loopback: SQLite, an fsync before every answer. */
export const roomlog: System = {
  name: "roomlog",
  dialect: "roomlog",
  setting: () => `Node ${process.versions.node}, default settings, fsync before every ack`,
  async start(parent, { profiles }) {
    const options = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
    const { url, pid, stop } = await startServerProcess({}, parent, options);
    return { url, pids: [pid], stop };
  },
};
