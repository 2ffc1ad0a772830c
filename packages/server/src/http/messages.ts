import {
  type CommandData,
  type CommandName,
  type ErrorData,
  errorCodes,
  errorText,
  readOn,
} from "@roomlog/protocol";
import { elementsOf, memberText } from "../core/json-text.ts";
import { failed, HttpError, statuses } from "./answers.ts";
import { askPooled, bodyOf, type Ctx, json, resultOf } from "./context.ts";
import { linkHeader } from "./links.ts";
import type { LocalClient } from "./local-client.ts";
import { dataOf, type Fields, jsonIn, numberIn, type QueryData } from "./query.ts";
import { pathIn } from "./rooms.ts";

/** All that `msglog_get` takes. */
const PARAMETERS = {
  after: "number",
  before: "number",
  limit: "number",
  order: "text",
  from_time: "number",
  to_time: "number",
  user_id: "text",
  session_id: "text",
  search: "text",
  around: "number",
  rank_after: "number",
  epoch: "text",
  ref: "number",
  refs: "flag",
  versions: "flag",
  digest: "flag",
  where: "text",
} as const satisfies {
  readonly [F in Exclude<keyof CommandData<"media/room/msglog_get">, "room_id">]-?: Fields[string];
};

/** Messages on a page when nothing is said. */
const DEFAULT_LIMIT = 100;

/** H5: a page of the log (M8). Its links stay in the life of the room in which the first page was read. */
export async function listMessages(c: Ctx): Promise<Response> {
  const room_id = c.req.param("id") as string;
  const given = dataOf(c.req.url, PARAMETERS);
  const where = given.where === undefined ? undefined : jsonIn("where", String(given.where));
  let query: QueryData = { limit: DEFAULT_LIMIT, ...given };
  const answer = await askPooled(c, async (client) => {
    query = { ...query, epoch: given.epoch ?? (await livingEpoch(client, room_id)) };
    return client.call("media/room/msglog_get", JSON.stringify({ room_id, ...query, where }));
  });
  const path = messagesPath(c);
  const further = answer.result === "error" && readFurther(JSON.parse(answer.data as string), path, query);
  if (further) throw further;
  const page = resultOf(answer, { name: "media/room/msglog_get", data: { room_id, ...query, where } });
  return json(c, page, { headers: { link: linksOf(path, query, page) } });
}

/** A filter that has examined as much as it may names the id to go on from (M8): a link goes on there. */
function readFurther(error: ErrorData, path: string, query: QueryData): HttpError | undefined {
  const from = readOn(error);
  if (!from) return undefined;
  const link = linkHeader(path, { next: { ...query, ...from } });
  return new HttpError(statuses[error.code] ?? 500, error, { link });
}

/** H13: one entry of the log as it is now. */
export async function showMessage(c: Ctx): Promise<Response> {
  const { room_id, msg_id } = entryIn(c);
  const given = dataOf(c.req.url, { epoch: "text", versions: "flag", refs: "flag", digest: "flag" });
  // What is no id is looked for where nothing stands.
  const id = typeof msg_id === "number" && msg_id < Number.MAX_SAFE_INTEGER ? msg_id : 0;
  const only = { after: Math.max(id - 1, 0), before: id + 1, limit: 1 };
  const [entry] = elementsOf(await ask(c, "media/room/msglog_get", { room_id, ...given, ...only }));
  if (entry === undefined) throw notFound();
  return json(c, entry);
}

/** H13: gives a message another body, which is stored as it was written (M15, M7). */
export async function editMessage(c: Ctx): Promise<Response> {
  const given = dataOf(c.req.url, { epoch: "text" });
  const msg = await bodyOf(c);
  const data = { ...entryIn(c), client_msg_id: nameIn(c), ...given };
  return json(c, await ask(c, "media/room/msglog_edit", data, msg));
}

/** H13: takes a message away (M15). */
export async function deleteMessage(c: Ctx): Promise<Response> {
  const given = dataOf(c.req.url, { epoch: "text", reason: "text" });
  const data = { ...entryIn(c), client_msg_id: nameIn(c), ...given };
  return json(c, await ask(c, "media/room/msglog_delete", data));
}

/** The result of a command; `msg` is handed on as it was written. */
async function ask(c: Ctx, name: CommandName, data: object, msg?: string): Promise<string> {
  const head = JSON.stringify(data);
  const text = msg === undefined ? head : `${head.slice(0, -1)},"msg":${msg}}`;
  return resultOf(await askPooled(c, (client) => client.call(name, text)), { name, data });
}

function entryIn(c: Ctx): { readonly room_id: string; readonly msg_id: number | string } {
  return { room_id: c.req.param("id") as string, msg_id: numberIn(c.req.param("msg_id") as string) };
}

function notFound(): HttpError {
  const code = errorCodes.message_not_found;
  return failed({ code, error: errorText(code) });
}

/** H6: stores the body as a message (M1) that is as it was written (M7). */
export async function sendMessage(c: Ctx): Promise<Response> {
  const room_id = c.req.param("id") as string;
  const given = dataOf(c.req.url, { epoch: "text", ref: "number" });
  const msg = await bodyOf(c);
  const data = { room_id, client_msg_id: nameIn(c), ...given };
  const result = await ask(c, "media/room/msglog_send", data, msg);
  const { msg_id, duplicate } = JSON.parse(result) as { msg_id: number; duplicate?: true };
  const location = `${messagesPath(c)}?after=${msg_id - 1}&limit=1`;
  return json(c, result, { status: duplicate ? 200 : 201, headers: { location } });
}

async function livingEpoch(client: LocalClient, room_id: string): Promise<string> {
  const asked = { name: "media/room/msglog_info", data: { room_id } } as const;
  const info = resultOf(await client.call(asked.name, JSON.stringify(asked.data)), asked);
  return (JSON.parse(info) as { readonly epoch: string }).epoch;
}

function messagesPath(c: Ctx): string {
  return pathIn(c, `/v1/rooms/${encodeURIComponent(c.req.param("id") as string)}/messages`);
}

/** `next` goes on in the order of the page, `prev` the other way; each has its own order. Only an empty page ends. */
function linksOf(path: string, query: QueryData, page: string): string {
  const start = { ...query, after: undefined, before: undefined, around: undefined, rank_after: undefined };
  if (query.order === "rank") return rankLinks(path, query, page);
  const isDesc = query.order === "desc" || (query.order === undefined && query.search !== undefined);
  const other = isDesc ? "asc" : "desc";
  const [first, last] = endsOf(page);
  const [onward, back] = isDesc ? ["before", "after"] : ["after", "before"];
  return linkHeader(path, {
    first: start,
    last: { ...start, order: other },
    next: last === undefined ? undefined : { ...query, around: undefined, [onward as string]: last },
    prev: first === undefined ? undefined : { ...start, [back as string]: first, order: other },
  });
}

/** A ranking is read onward only (M18). */
function rankLinks(path: string, query: QueryData, page: string): string {
  const [, last] = endsOf(page);
  return linkHeader(path, {
    first: { ...query, rank_after: undefined },
    next: last === undefined ? undefined : { ...query, rank_after: last },
  });
}

/** The ids of the first and the last message of a page, without parsing it. */
function endsOf(page: string): [first: number | undefined, last: number | undefined] {
  const messages = elementsOf(page);
  const idOf = (message: string | undefined) =>
    message === undefined ? undefined : Number(memberText(message, "msg_id"));
  return [idOf(messages[0]), idOf(messages.at(-1))];
}

/** The name of a send (M9). The draft of the header wants quotes, most programs write none. */
function nameIn(c: Ctx): string | undefined {
  const header = c.req.header("idempotency-key");
  return /^"(.*)"$/.exec(header ?? "")?.[1] ?? header;
}
