import { CallError, ConnectionLost, isRefusal } from "@roomlog/client";
import { type CommandName, closeCodes, type ErrorCode, errorCodes, isFinalClose } from "@roomlog/protocol";
import type { Ending } from "./exit.ts";
import { Failure } from "./failure.ts";

/** How a command ends for an error code; what is not here was given wrongly (`data`). */
const endings: { readonly [code in ErrorCode]?: Ending } = {
  100002: "unavailable",
  100006: "unavailable",
  100020: "missing",
  100030: "refused",
  100031: "refused",
  100033: "missing",
  100036: "missing",
  100042: "unavailable",
  100050: "later",
  100051: "later",
  100062: "missing",
  304001: "missing",
  304102: "later",
  304105: "later",
  304106: "missing",
  304107: "refused",
  304108: "refused",
  304109: "later",
  304110: "missing",
  304113: "unavailable",
};

/** What to do about a code. */
const advice: { readonly [code in ErrorCode]?: string } = {
  100006: "this service has no plugin for it",
  100030: "a right for it is missing (docs/rights.md)",
  100033: "roomlog sessions lists who is there",
  100050: "try again later",
  100051: "try again when it runs again",
  100062: "roomlog sessions lists them",
  304001: "roomlog rooms lists them, roomlog rooms create makes one",
  304102: "try again later",
  304105: "whether it was stored is unknown",
  304109: "the operator has to make room",
  304113: "the service has msglog.search: false",
};

/** The server's answer to a command, or that there is none, as a sentence and an ending. */
export function explained(error: unknown, name: CommandName): Error {
  if (error instanceof ConnectionLost) return lost(error);
  if (!(error instanceof CallError)) return error as Error;
  const { code, message } = error;
  const sentence = (hint: string | undefined) =>
    `${message}${hint === undefined ? "" : `: ${hint}`} (${name}, ${code})`;
  const options = { cause: error, ...(code === errorCodes.unauthorized && { fuller: whichRight }) };
  return new Failure(endings[code] ?? "data", sentence(hintFor(error)), options);

  async function whichRight(): Promise<string> {
    // The table is large, and most commands never need it.
    const { commands } = await import("@roomlog/protocol/commands");
    const command = commands[name];
    if (!("right" in command)) return sentence(hintFor(error as CallError));
    return sentence(`it needs the right ${command.right} (docs/rights.md)`);
  }
}

/** Whether what `explained` made a `Failure` of is the server's answer with this code. */
export function isRefused(error: unknown, code: ErrorCode): boolean {
  return isRefusal((error as Error).cause, code);
}

function hintFor({ code, data }: CallError): string | undefined {
  if (data.pointer !== undefined) return `${data.field}${data.pointer} ${data.reason}`;
  if (code === 304101) return `at most ${data.limit} bytes (the service's msglog.max_message_bytes)`;
  return data.reason ?? advice[code];
}

interface Given {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

export function loginRefused({ user, password, token }: Given): Failure {
  const why = "the server's log says why (login_refused)";
  if (token !== undefined) return new Failure("refused", `the token is not taken: ${why}`);
  if (password !== undefined) return new Failure("refused", `wrong user or password (${user}): ${why}`);
  const what = `give --user and --password-file, or --token-file; ${why}`;
  return new Failure("refused", `${user} may not log in: ${what}`);
}

/** Whether what was sent is too large, or has too many values (T3, F11). */
export function isNotTaken({ code }: ConnectionLost): boolean {
  return code === closeCodes.frame_too_large || code === closeCodes.malformed_frame;
}

/** Whether to connect again is of no use: 1008 and 1009 are about what was sent. */
export function isFinal({ code }: ConnectionLost): boolean {
  return isFinalClose(code) || code === 1008 || code === 1009;
}

/** The connection ended while something was to be answered. */
export function lost(error: ConnectionLost): Failure {
  if (isNotTaken(error))
    return new Failure("data", `the ${error.message}: the server does not take what was sent`, {
      cause: error,
    });
  const again = isFinal(error) ? "" : "; try again";
  return new Failure("unavailable", `the ${error.message}${again}`, { cause: error });
}
