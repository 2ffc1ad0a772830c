import { commands } from "./commands.ts";

/** Rights that are asked for beside those of a command, and what for. */
export const rightsBeside: { readonly [right: string]: string } = {
  admin: "being judged in rooms by grants alone, whatever roles, bans and access say",
  other_services: "subscribing to events of other services (E2)",
  msglog_history: "reading what was sent before one's own join (R11)",
  room_own: "making and changing owners and moderators (R8)",
  msglog_edit_any: "editing messages of others (M15)",
  msglog_delete_any: "deleting messages of others (M15)",
};

/** All rights that something asks for, by name (L8). */
export const knownRights: ReadonlySet<string> = new Set([
  ...Object.values(commands).flatMap((command) => ("right" in command ? [command.right] : [])),
  ...Object.keys(rightsBeside),
]);

/** Rights that `"*"` does not cover: they are given by name (L8). */
export const rightsByName: readonly string[] = [
  "admin",
  "callback",
  "webhooks",
  "other_services",
  "users",
  "session_stop",
  "session_cmd",
  "msglog_purge",
  "msglog_edit_any",
  "msglog_delete_any",
  "msglog_erase",
  "msglog_hold",
  "msglog_schema",
  "room_update",
  "room_destroy",
  "room_moderate",
  "room_own",
];
