/** What a user can be in a room (R8). */
export const roomRoles = ["owner", "moderator", "member", "viewer", "banned"] as const;
export type RoomRole = (typeof roomRoles)[number];

/** Reading a room and its log. */
const VIEWER = ["room_read", "room_join", "msglog_get", "msglog_history"];
const MEMBER = [...VIEWER, "msglog_send", "msglog_edit", "msglog_delete", "room_info", "room_status"];
const MODERATOR = [...MEMBER, "room_moderate", "msglog_delete_any"];

/** The rights of each role, in its room (R8). */
export const roleRights: { readonly [role in RoomRole]: readonly string[] } = {
  owner: [...MODERATOR, "room_own", "room_update", "room_destroy", "msglog_purge", "msglog_schema"],
  moderator: MODERATOR,
  member: MEMBER,
  viewer: VIEWER,
  banned: [],
};
