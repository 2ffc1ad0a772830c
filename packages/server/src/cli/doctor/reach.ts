import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("unavailable");

const PATIENCE_MS = 5000;

/** Asks a running server how it is (O1, O2). */
export async function reach(url: string): Promise<Finding[]> {
  const base = url.replace(/^ws/, "http");
  const [health, ready] = await Promise.all(["/healthz", "/readyz"].map((path) => ask(new URL(path, base))));
  if (health === undefined || ready === undefined)
    return [fail("server", `${url} does not answer`, "start it with roomlog serve, or give another URL")];
  if (health.status === 404 || health.status === 426)
    return [
      warn("server", `${url} answers, but not as this version of Roomlog`, "look at which server it is"),
    ];
  return [judged("server", health), judged("ready", ready)];
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function judged(what: string, { status, text }: Answer): Finding {
  if (status === 200) return ok(what, text);
  return fail(what, `HTTP ${status}: ${text}`, "the log of the server says more");
}

async function ask(url: URL): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: "manual" });
    return { status: response.status, text: (await response.text()).trim().slice(0, 200) };
  } catch {
    return undefined;
  }
}
