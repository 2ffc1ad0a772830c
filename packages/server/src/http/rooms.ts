import { askPooled, type Ctx, json, resultOf } from "./context.ts";
import { baseOf } from "./entrances.ts";
import { linkHeader } from "./links.ts";
import { dataOf } from "./query.ts";

/** Rooms on a page when nothing is said. */
const DEFAULT_LIMIT = 100;

/** What R3 takes: `after` is a room's id, also when it is all digits. */
const PARAMETERS = { limit: "number", after: "text", prefix: "text" } as const;

/** H4: the rooms (R3), page by page. */
export async function listRooms(c: Ctx): Promise<Response> {
  const query = { limit: DEFAULT_LIMIT, ...dataOf(c.req.url, PARAMETERS) };
  const answer = await askPooled(c, (client) => client.call("media/room/get_list", JSON.stringify(query)));
  const page = resultOf(answer, { name: "media/room/get_list", data: query });
  const last = (JSON.parse(page) as { readonly room_id: string }[]).at(-1);
  const link = linkHeader(pathIn(c, "/v1/rooms"), {
    first: { ...query, after: undefined },
    next: last && { ...query, after: last.room_id },
  });
  return json(c, page, { headers: { link } });
}

/** H4: what `get_info` says of a room (R3). */
export async function showRoom(c: Ctx): Promise<Response> {
  dataOf(c.req.url, {});
  const asked = { name: "media/room/get_info", data: { room_id: c.req.param("id") } } as const;
  const answer = await askPooled(c, (client) => client.call(asked.name, JSON.stringify(asked.data)));
  return json(c, resultOf(answer, asked));
}

/** A path of the API as the client sees it. */
export function pathIn({ env }: Ctx, path: string): string {
  return `${baseOf(env.way.entrance.path)}${path}`;
}
