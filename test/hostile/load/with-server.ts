import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ServerProcess } from "../../fault/frame/server-process.ts";

const MAIN = resolve(import.meta.dirname, "../../../packages/server/bin/roomlog.js");

/** Does something with the built server, in a process of its own, as it is without a configuration. */
export async function withServer(use: (server: ServerProcess) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "roomlog-hostile-"));
  try {
    const server = await ServerProcess.start({ main: MAIN, data: directory, log: join(directory, "log") });
    await use(server);
    await server.stop();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
