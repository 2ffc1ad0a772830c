import { join } from "node:path";
import { fillStore } from "../support/fill.ts";
import { startServerProcess } from "../support/server.ts";
import type { System } from "./system.ts";

/** The built server as it is by default, open on loopback: SQLite, an fsync before every answer. */
export const roomlog: System = {
  name: "roomlog",
  dialect: "roomlog",
  isAnswered: true,
  kinds: ["senders", "fanout", "paced", "pages", "idle", "restart"],
  setting: () => `Node ${process.versions.node}, default settings, fsync before every ack, events answered`,
  missing: () => undefined,
  fill: (directory, data) => fillStore(join(directory, "data"), data),
  async start(directory, { profiles }) {
    const options = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
    const { url, pid, stop } = await startServerProcess(
      { data: join(directory, "data") },
      directory,
      options,
    );
    return { url, pids: [pid], stop };
  },
};
