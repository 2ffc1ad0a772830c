export { type Config, ConfigError, type ConfigInput } from "./config/config.ts";
export { loadConfig } from "./config/load.ts";
export type { Logger } from "./core/logger.ts";
export type { Page } from "./health.ts";
export { createServer, type Server, type ServerParts } from "./server.ts";
export { ManagedStore } from "./store/managed.ts";
export * from "./store/store.ts";
