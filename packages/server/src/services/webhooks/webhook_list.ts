import { command } from "../../core/plugin.ts";
import type { Webhooks } from "./webhooks.ts";

/** W7: those that were left out of the configuration are there too, as long as they are remembered. */
export const list = (webhooks: Webhooks) =>
  command("core/webhook/list", {
    run: () => webhooks.list(),
  });
