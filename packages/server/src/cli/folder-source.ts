import { elementsOf } from "../core/json-text.ts";
import { parseQuery } from "../search/query.ts";
import { openReadOnly, type ReadOnlyStore } from "../store/sqlite/index.ts";
import type { Search } from "../store/store.ts";
import { Failure } from "./failure.ts";
import type { LogInfo, PageQuery, Source } from "./source.ts";

/** Of a page, as a server has it by default. */
const MAX_BYTES = 8_388_608;

/** Reads a data folder, also while a server runs on it. */
export async function openFolder(directory: string, service: string): Promise<Source> {
  const store = await openReadOnly(directory);
  const missing = (room_id: string) =>
    new Failure(
      "missing",
      `there is no log of a room ${room_id} in ${directory}, service ${service} (--service)`,
    );

  return {
    service: async () => service,
    rooms: (query) => store.rooms({ service, ...query }),
    async log(room_id, epoch) {
      const info = await logOf(store, { service, room_id }, epoch);
      if (!info) throw missing(room_id);
      return info;
    },
    async digest(log) {
      const found = await store.digest({ service, ...log });
      if (found?.digest === undefined) throw missing(log.room_id);
      return found.digest;
    },
    async page({ order = "asc", search, rank_after, versions = false, where, ...query }: PageQuery) {
      const asked = {
        service,
        order: order === "rank" ? "desc" : order,
        max_bytes: MAX_BYTES,
        time_field: "timestmap",
        ...query,
        ...(versions && { versions: "all" }),
        ...(where && { where: JSON.stringify(where) }),
        ...(search !== undefined && { search: searchOf(search, order, rank_after) }),
      };
      const page = await store.pageText(asked as Parameters<ReadOnlyStore["pageText"]>[0]);
      if (!page) throw missing(query.room_id);
      if (page.missing) throw new Failure("missing", "there is no such message in that log");
      return elementsOf(page.text);
    },
    close: () => store.close(),
  };
}

/** Without an index a folder is searched too, by going through it. */
function searchOf(text: string, order: PageQuery["order"], after: number | undefined): Search {
  if (!parseQuery(text)) throw new Failure("data", "there is no word in what is searched for");
  return { text, ...(order === "rank" && { ranked: after === undefined ? {} : { after } }) };
}

interface Place {
  readonly service: string;
  readonly room_id: string;
}

async function logOf(
  store: ReadOnlyStore,
  place: Place,
  epoch: string | undefined,
): Promise<LogInfo | undefined> {
  if (epoch !== "last") return store.life({ ...place, epoch });
  const [newest] = await store.endedLives({ ...place, limit: 1 });
  return newest;
}
