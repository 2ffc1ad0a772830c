import { definePlugin } from "../../core/plugin.ts";
import { get } from "./get.ts";
import { send } from "./send.ts";
import { settings } from "./settings.ts";

/** The message log of rooms. */
export const msglog = definePlugin({
  name: "msglog",
  needs: ["room"],
  settings,
  commands(service, settings) {
    const log = service.openLog(settings);
    return [send(log, settings), get(log, settings)];
  },
});
