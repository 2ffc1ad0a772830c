/** An event as it stands in the `data` of an event frame (E1). */
export interface EventData {
  readonly class: string;
  readonly subclass?: string;
  readonly type?: string;
  readonly obj_id?: string;
  readonly service?: string;
  readonly body?: object;
}

/** Types of the events of class `media`, subclass `room` (R1, R2, R4, R5, R8–R10, M5, M13, M19, M24, M26); `obj_id` is the room's id. */
export const roomEvents = {
  created: "created",
  destroyed: "destroyed",
  started_member: "started_member",
  stopped_member: "stopped_member",
  status: "status",
  info: "info",
  granted: "granted",
  kicked: "kicked",
  banned: "banned",
  muted: "muted",
  access: "access",
  msglog_new_msg: "msglog_new_msg",
  /** M13: in place of messages that retention dropped before they reached this connection. */
  msglog_dropped: "msglog_dropped",
  /** M21: entries of a log read differently, since what a user wrote was erased. */
  msglog_erased: "msglog_erased",
  /** M24: `{type, version, by}`; with `removed` it has no schema any more. */
  schema: "schema",
  /** M19: somebody has read up to a message. */
  msglog_marked: "msglog_marked",
  /** M26: `{replay, reason}`; only to the connection that asked for the replay. */
  msglog_replay_ended: "msglog_replay_ended",
} as const;
