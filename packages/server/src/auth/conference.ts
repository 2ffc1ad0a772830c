/** What people may do in their room, in the words of conferences. */
export const TALK = ["msglog_send", "msglog_edit", "msglog_delete", "room_info", "room_status"];
export const LISTEN = ["msglog_get", "msglog_history", "room_read", "subscribe"];
export const MODERATE = ["*", "room_moderate", "room_update", "msglog_purge", "msglog_delete_any"];
