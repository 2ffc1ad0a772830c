import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigInput, createServer, type Server, type ServerParts } from "roomlog";
import { onTestFinished } from "vitest";

/** A data directory of its own, gone when the test is. */
export function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "roomlog-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * A server on a free port with a real SQLite file, stopped when the test is finished. It pings nobody (F9), so that
 * tests see the frames they ask for, unless `limits.ping_seconds` is given.
 */
export async function serverForTest(
  config: ConfigInput = {},
  parts: ServerParts = {},
): Promise<Server & { readonly url: string }> {
  const limits = { ping_seconds: 0, ...config.limits };
  const server = await createServer(
    { port: 0, data: config.data ?? dataDirectory(), ...config, limits },
    parts,
  );
  onTestFinished(() => server.close());
  return Object.assign(server, { url: server.urls[0] as string });
}
