import type { CommandName } from "./commands.ts";

/** What the command table says `reads` of, for programs that do without its schemas; a test compares them. */
export const readingCommands: ReadonlySet<string> = new Set<CommandName>([
  "core/core/ping",
  "core/event/get_subscriptions",
  "core/server/info",
  "core/user/get",
  "core/user/list",
  "core/webhook/dead_letters",
  "core/webhook/list",
  "media/room/get_info",
  "media/room/get_list",
  "media/room/get_roles",
  "media/room/msglog_epochs",
  "media/room/msglog_erasures",
  "media/room/msglog_get",
  "media/room/msglog_info",
  "media/room/msglog_marks",
  "media/room/msglog_schemas",
  "media/room/msglog_unread",
]);
