import { definePlugin, gauge } from "../../core/plugin.ts";
import { deletion } from "./delete.ts";
import { digest } from "./digest.ts";
import { edit } from "./edit.ts";
import { Entries } from "./entries.ts";
import { epochs } from "./epochs.ts";
import { eraseUser } from "./erase_user.ts";
import { Eraser } from "./eraser.ts";
import { erasures } from "./erasures.ts";
import { get } from "./get.ts";
import { hold } from "./hold.ts";
import { Indexer } from "./indexer.ts";
import { info } from "./info.ts";
import { withPosition } from "./join.ts";
import { mark } from "./mark.ts";
import { marks } from "./marks.ts";
import { purge } from "./purge.ts";
import { replay } from "./replay.ts";
import { replaySet } from "./replay_set.ts";
import { replayStop } from "./replay_stop.ts";
import { schemas } from "./schemas.ts";
import { send } from "./send.ts";
import { setSchema } from "./set_schema.ts";
import { type MsglogSettings, settings } from "./settings.ts";
import { subscribe } from "./subscribe.ts";
import { Trimmer } from "./trimmer.ts";
import { TypedMessages } from "./typed/typed-messages.ts";
import { unread } from "./unread.ts";
import { unsubscribe } from "./unsubscribe.ts";
import { update } from "./update.ts";

/** The message log of rooms. */
export const msglog = definePlugin({
  name: "msglog",
  needs: ["room"],
  settings,
  setup(service, given) {
    let settings = given;
    const current = () => settings;
    const log = service.openLog(given);
    const cursors = service.openCursors(log);
    const readers = service.openMarks();
    const replays = service.openReplays(log);
    const trimmer = new Trimmer(service, log, current);
    const eraser = new Eraser(service, log);
    const kept = service.openSchemas();
    const typed = new TypedMessages(kept, given);
    service.rooms.onEnded((room_id) => typed.end(room_id));
    const entries = new Entries(service, log, { settings: current, typed });
    const indexer = new Indexer(service, log, current);
    const keepLogs = () => {
      service.rooms.keepLogs = settings.on_destroy === "archive";
    };
    return {
      commands: [
        send(entries),
        edit(service, entries, current),
        deletion(service, entries),
        get(log, current),
        subscribe(service, cursors, current),
        unsubscribe(cursors),
        info(log),
        epochs(log),
        mark(readers),
        marks(readers),
        unread(service, readers, { log, settings: current }),
        purge(log, trimmer),
        update(service, log, trimmer),
        eraseUser(eraser),
        erasures(log),
        hold(service, log),
        setSchema(service, typed),
        schemas(log, kept, current),
        digest(log),
        replay(replays, current),
        replaySet(replays),
        replayStop(replays),
      ],
      hooks: {
        "room.join": withPosition(service, cursors, current),
        "core.ended": (session, next) => {
          replays.leave(session);
          next(session);
        },
      },
      measures: [
        gauge(
          "roomlog_stored_bytes",
          "Bytes of the messages' text that are stored, of ended rooms too (Q8).",
          () => log.bytes,
        ),
        gauge(
          "roomlog_schema_bytes",
          "Bytes of the schemas that living rooms have for types of messages (M24).",
          () => typed.bytes,
        ),
        gauge("roomlog_replays", "Replays of logs that sessions have (M26).", () => replays.count),
      ],
      async start() {
        keepLogs();
        await log.start();
        await typed.start();
        const stops = [() => replays.stop(), () => eraser.stop(), trimmer.start(), indexer.start()];
        return () => {
          for (const stop of stops.reverse()) stop();
        };
      },
      update(changed) {
        settings = changed as MsglogSettings;
        keepLogs();
        log.update(settings);
        typed.update(settings);
        trimmer.start();
        indexer.start();
      },
    };
  },
});
