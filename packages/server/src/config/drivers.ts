import { MemoryStore } from "../store/memory.ts";
import { SqliteStore } from "../store/sqlite/index.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";

/** The store of each kind. */
export const stores: { readonly [kind in Config["store"]["kind"]]: (config: Config) => Store } = {
  sqlite: ({ data }) => new SqliteStore(data),
  memory: () => new MemoryStore(),
};
