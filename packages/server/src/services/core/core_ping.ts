import { command } from "../../core/plugin.ts";

/** F9: a client that wants to know whether the server is there. */
export const ping = () => command("core/core/ping", { run: () => ({}) });
