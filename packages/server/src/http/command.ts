import type { ErrorData } from "@roomlog/protocol";
import { memberText } from "../core/json-text.ts";
import { faulty, missing, retryAfter, statuses } from "./answers.ts";
import { askPooled, bodyOf, type Ctx, callerOf, json } from "./context.ts";
import type { Answer } from "./local-client.ts";
import { logIn } from "./login.ts";

/**
 * Commands that leave their session as it was: they are served by one that others have used and will use. Every other
 * one, also of a plugin that we do not know, has a session of its own, which ends with the request.
 */
const SHARED: ReadonlySet<string> = new Set([
  "core/core/ping",
  "core/event/send",
  "core/server/info",
  "core/session/send_event",
  "core/user/get",
  "core/user/list",
  "core/user/send_event",
  "media/room/ban",
  "media/room/create",
  "media/room/destroy",
  "media/room/get_info",
  "media/room/get_list",
  "media/room/get_roles",
  "media/room/grant",
  "media/room/kick",
  "media/room/msglog_delete",
  "media/room/msglog_edit",
  "media/room/msglog_epochs",
  "media/room/msglog_erase_user",
  "media/room/msglog_erasures",
  "media/room/msglog_get",
  "media/room/msglog_hold",
  "media/room/msglog_info",
  "media/room/msglog_purge",
  "media/room/msglog_send",
  "media/room/mute",
  "media/room/send_info",
  "media/room/set_access",
  "media/room/set_status",
  "media/room/update",
]);

/** H3: any command, as in a frame (F1); the answer is that of the frame (F2), with the status of its code. */
export async function runCommand(c: Ctx): Promise<Response> {
  const { head, name, tid } = requestIn(await bodyOf(c));
  const answer = await (SHARED.has(name)
    ? askPooled(c, (client) => client.request(head))
    : askAlone(c, head));
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
