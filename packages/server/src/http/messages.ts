import { memberText } from "../core/json-text.ts";
import { askPooled, bodyOf, type Ctx, json, resultOf } from "./context.ts";
import { linkHeader } from "./links.ts";
import type { LocalClient } from "./local-client.ts";
import { dataOf } from "./query.ts";
import { pathIn } from "./rooms.ts";

/** What M8 takes. */
const PARAMETERS = {
  after: "number",
  before: "number",
  limit: "number",
  order: "text",
  from_time: "number",
  to_time: "number",
  user_id: "text",
  session_id: "text",
  epoch: "text",
} as const;

/** Messages on a page when nothing is said. */
const DEFAULT_LIMIT = 100;

const MSG_ID = '"msg_id":';

/** H5: a page of the log (M8). Its links stay in the life of the room in which the first page was read. */
export async function listMessages(c: Ctx): Promise<Response> {
  const room_id = c.req.param("id") as string;
  const given = dataOf(c.req.url, PARAMETERS);
  let query: Record<string, string | number> = { limit: DEFAULT_LIMIT, ...given };
  const answer = await askPooled(c, async (client) => {
    query = { ...query, epoch: given.epoch ?? (await livingEpoch(client, room_id)) };
    return client.call("media/room/msglog_get", JSON.stringify({ room_id, ...query }));
  });
  const page = resultOf(answer, { name: "media/room/msglog_get", data: { room_id, ...query } });
  return json(c, page, { headers: { link: linksOf(messagesPath(c), query, page) } });
}

/** H6: stores the body as a message (M1) that is as it was written (M7). */
export async function sendMessage(c: Ctx): Promise<Response> {
  const room_id = c.req.param("id") as string;
  const { epoch } = dataOf(c.req.url, { epoch: "text" });
  const msg = await bodyOf(c);
  const client_msg_id = keyOf(c.req.header("idempotency-key"));
  const data = { room_id, client_msg_id, epoch };
  const head = JSON.stringify(data).slice(0, -1);
  const answer = await askPooled(c, (client) =>
    client.call("media/room/msglog_send", `${head},"msg":${msg}}`),
  );
  const result = resultOf(answer, { name: "media/room/msglog_send", data });
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
function linksOf(path: string, query: Record<string, string | number>, page: string): string {
  const start = { ...query, after: undefined, before: undefined };
  const other = query.order === "desc" ? "asc" : "desc";
  const [first, last] = endsOf(page);
  const [onward, back] = query.order === "desc" ? ["before", "after"] : ["after", "before"];
  return linkHeader(path, {
    first: start,
    last: { ...start, order: other },
    next: last === undefined ? undefined : { ...query, [onward as string]: last },
    prev: first === undefined ? undefined : { ...start, [back as string]: first, order: other },
  });
}

/** The ids of the first and the last message of a page, without parsing it: they stand behind what was sent (M2). */
function endsOf(page: string): [first: number | undefined, last: number | undefined] {
  const first = memberText(page, "msg_id");
  if (first === undefined) return [undefined, undefined];
  const last = page.slice(page.lastIndexOf(MSG_ID) + MSG_ID.length);
  return [Number(first), Number.parseInt(last, 10)];
}

/** The draft of the header wants quotes, most programs write none. */
function keyOf(header: string | undefined): string | undefined {
  return /^"(.*)"$/.exec(header ?? "")?.[1] ?? header;
}
