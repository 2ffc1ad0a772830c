import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** The command line as it is released: it runs what `npm run build` has made. */
export const CLI = join(import.meta.dirname, "../../packages/server/bin/roomlog.js");

export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  /** Stdin. */
  readonly input?: string;
}

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a command: nothing of the one that runs the tests decides how it looks or where it goes. */
export function environment(env: Given["env"] = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, TZ: "UTC", ...env };
}

/** Starts a command; it is killed when the test is finished. */
export function start(args: readonly string[], { env, input }: Given = {}): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args], { env: environment(env) });
  onTestFinished(() => void child.kill("SIGKILL"));
  // A command that does not read its input closes it.
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  return child;
}

/** Runs a command to its end. */
export async function roomlog(args: readonly string[], given: Given = {}): Promise<Ended> {
  const child = start(args, { input: "", ...given });
  if (!child.stdout || !child.stderr) throw new Error("no pipes");
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await once(child, "close");
  const [stdout, stderr] = await said;
  return { status, stdout, stderr };
}
