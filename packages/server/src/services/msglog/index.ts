import { definePlugin } from "../../core/plugin.ts";
import { epochs } from "./epochs.ts";
import { get } from "./get.ts";
import { info } from "./info.ts";
import { withPosition } from "./join.ts";
import { purge } from "./purge.ts";
import { Retention } from "./retention.ts";
import { send } from "./send.ts";
import { settings } from "./settings.ts";
import { subscribe } from "./subscribe.ts";
import { unsubscribe } from "./unsubscribe.ts";
import { update } from "./update.ts";

/** The message log of rooms. */
export const msglog = definePlugin({
  name: "msglog",
  needs: ["room"],
  settings,
  setup(service, settings) {
    const log = service.openLog(settings);
    const cursors = service.openCursors(log);
    const retention = new Retention(service, log, settings);
    return {
      commands: [
        send(service, log, settings),
        get(log, settings),
        subscribe(service, cursors),
        unsubscribe(cursors),
        info(log),
        epochs(log),
        purge(log, retention),
        update(service, log, retention),
      ],
      hooks: { "room.join": withPosition(service, cursors) },
      start() {
        service.rooms.keepLogs = settings.on_destroy === "archive";
        return retention.start();
      },
    };
  },
});
