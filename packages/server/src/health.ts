/** What an endpoint of the port answers. */
export interface Page {
  readonly status: number;
  /** The content type. */
  readonly type: string;
  readonly body: string;
}

/** How it stands with a server. */
export interface Condition {
  readonly state: "starting" | "running" | "stopping";
  readonly hasFailed: boolean;
  readonly isDiskLow: boolean;
}

/** O1: whether the process is of any use; a supervisor may end one that is not. */
export function healthz({ hasFailed }: Condition): Page {
  if (hasFailed)
    return said(503, "The store has failed; the server ends. See its log, free or repair the disk.");
  return said(200, "ok");
}

/** O2: whether clients are to be sent here. */
export function readyz({ state, hasFailed, isDiskLow }: Condition): Page {
  if (hasFailed) return said(503, "The store has failed.");
  if (state !== "running") return said(503, `The server is ${state}.`);
  if (isDiskLow) return said(503, "The disk is nearly full: messages are refused, reading goes on.");
  return said(200, "ok");
}

export function said(status: number, sentence: string): Page {
  return { status, type: "text/plain; charset=utf-8", body: `${sentence}\n` };
}
