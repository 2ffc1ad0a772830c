import type { CommandName, ErrorData } from "@roomlog/protocol";
import { commands } from "@roomlog/protocol/commands";
import { memberText } from "../core/json-text.ts";
import { faulty, missing, retryAfter, statuses } from "./answers.ts";
import { askPooled, bodyOf, type Ctx, callerOf, json } from "./context.ts";
import type { Answer } from "./local-client.ts";
import { logIn } from "./login.ts";

/**
 * Whether a command leaves its session as it was: it is served by one that others have used and will use. Every other one,
 * also of a plugin that we do not know, has a session of its own, which ends with the request.
 */
function isShared(name: string): boolean {
  return Object.hasOwn(commands, name) && !("ownSession" in commands[name as CommandName]);
}

/** H3: any command, as in a frame (F1); the answer is that of the frame (F2), with the status of its code. */
export async function runCommand(c: Ctx): Promise<Response> {
  const { head, name, tid } = requestIn(await bodyOf(c));
  const answer = await (isShared(name) ? askPooled(c, (client) => client.request(head)) : askAlone(c, head));
  return answered(c, answer, tid);
}

/** The parts of a request as they were written: `data` and `tid` are handed on without being read. */
function requestIn(body: string) {
  const part = (key: string) => memberText(body, key);
  const [cls, cmd] = ["class", "cmd"].map(part);
  const subclass = part("subclass") ?? '"core"';
  for (const [field, text] of Object.entries({ class: cls, subclass, cmd })) {
    if (text === undefined) throw missing(field);
    if (!text.startsWith('"')) throw faulty(field, "it has to be a string");
  }
  const name = [cls, subclass, cmd].map((text) => JSON.parse(text as string)).join("/");
  const data = part("data") ?? "{}";
  return {
    name,
    tid: part("tid"),
    head: `{"class":${cls},"subclass":${subclass},"cmd":${cmd},"data":${data}`,
  };
}

async function askAlone(c: Ctx, head: string): Promise<Answer> {
  const client = await logIn(callerOf(c), c.env.parts);
  try {
    return await client.request(head);
  } finally {
    client.end();
  }
}

function answered(c: Ctx, { result, data }: Answer, tid: string | undefined): Response {
  const members = [`"result":"${result}"`];
  if (data !== undefined) members.push(`"data":${data}`);
  if (tid !== undefined) members.push(`"tid":${tid}`);
  const text = `{${members.join(",")}}`;
  if (result === "ok") return json(c, text);
  const error = JSON.parse(data as string) as ErrorData;
  return json(c, text, { status: statuses[error.code] ?? 500, headers: retryAfter(error) });
}
