import { definePlugin } from "../../core/plugin.ts";
import { get } from "./get.ts";
import { withPosition } from "./join.ts";
import { send } from "./send.ts";
import { settings } from "./settings.ts";

/** The message log of rooms. */
export const msglog = definePlugin({
  name: "msglog",
  needs: ["room"],
  settings,
  setup(service, settings) {
    const log = service.openLog(settings);
    return {
      commands: [send(service, log, settings), get(log, settings)],
      hooks: { "room.join": withPosition(service) },
    };
  },
});
