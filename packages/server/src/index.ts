export { type Config, ConfigError, type ConfigInput } from "./config/config.ts";
export { loadConfig } from "./config/load.ts";
export type { Logger } from "./core/logger.ts";
export { type Server, type ServerParts, startServer } from "./server.ts";
export { StoreError } from "./store/store.ts";
