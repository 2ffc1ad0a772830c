import { elementsOf } from "../core/json-text.ts";
import { openReadOnly, type ReadOnlyStore } from "../store/sqlite/index.ts";
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
    rooms: (query) => store.rooms({ service, ...query }),
    async log(room_id, epoch) {
      const info = await logOf(store, { service, room_id }, epoch);
      if (!info) throw missing(room_id);
      return info;
    },
    async page({ order = "asc", versions = false, where, ...query }: PageQuery) {
      const more = { ...(versions && { versions: "all" }), ...(where && { where: JSON.stringify(where) }) };
      const asked = { service, order, max_bytes: MAX_BYTES, time_field: "timestmap", ...query, ...more };
      const page = await store.pageText(asked as Parameters<ReadOnlyStore["pageText"]>[0]);
      if (!page) throw missing(query.room_id);
      return elementsOf(page.text);
    },
    close: () => store.close(),
  };
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
