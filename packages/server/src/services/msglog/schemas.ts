import type { JsonObject } from "@roomlog/protocol";
import { command, type Log, type RoomSchemas, type SchemaVersion } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { MsglogSettings } from "./settings.ts";
import { schemaFrom } from "./typed/schema-text.ts";

/** M24: what holds in a room, of the service first; with `versions` also what held before. */
export const schemas = (log: Log, kept: RoomSchemas, settings: () => MsglogSettings) =>
  command("media/room/msglog_schemas", {
    async run({ data: { room_id, epoch: named, type, versions = false }, session: { identity: who } }) {
      const { epoch } = await log.life(
        { room_id, ...defined({ epoch: named }) },
        { who, right: "msglog_get" },
      );
      const all = await kept.of({ room_id, epoch });
      const shown = versions
        ? all
        : all.filter((one, i) => one.schema !== undefined && isNewest(one, all[i + 1]));
      const ofService = Object.entries(settings().schemas).map(([name, { version, schema }]) => ({
        type: name,
        version,
        from: "service" as const,
        schema,
      }));
      return [...ofService, ...shown.map(listed)].filter((one) => type === undefined || one.type === type);
    },
  });

/** They stand by type and version. */
function isNewest({ type }: SchemaVersion, next: SchemaVersion | undefined): boolean {
  return next?.type !== type;
}

function listed({ type, version, schema, from_id, user_id: by, at }: SchemaVersion) {
  const parsed = schema === undefined ? null : (schemaFrom(schema) as JsonObject);
  return { type, version, from: "room" as const, schema: parsed, from_id, by, at };
}
