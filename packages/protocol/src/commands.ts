import * as z from "zod";
import type { Filter } from "./filter.ts";
import { isJsonObject, type JsonObject } from "./frames.ts";
import { MAX_MENTIONS } from "./limits.ts";
import type { StoredMessage } from "./message.ts";
import {
  isLabel,
  isName,
  isText,
  MAX_CLIENT_MSG_ID,
  MAX_EPOCH,
  MAX_ROOM_ID,
  MAX_SESSION_ID,
  MAX_USER,
} from "./names.ts";
import { roomRoles } from "./roles.ts";

/** What is said to readers of schemas of a check that is a function. */
const shortText = (max: number) => ({ type: "string", minLength: 1, maxLength: max }) as const;
const short = (max: number) => `it has 1 to ${max} characters, and none that is a control character`;
const name = (max: number) =>
  z.custom<string>((value) => isName(value, max), `${short(max)}; "*" is none`).meta(shortText(max));
const label = (max: number) =>
  z.custom<string>((value) => isLabel(value, max), short(max)).meta(shortText(max));
const jsonObject = z.custom<JsonObject>(isJsonObject, "it is a JSON object").meta({ type: "object" });
/** Which messages (M17); the command says what is wrong with it. */
const where = z
  .custom<Filter>(isJsonObject)
  .meta({ type: "object", description: "A filter (docs/filters.md)" });
/** What was sent, and what the server adds to it (M2); a service may name the time otherwise. */
const storedMessage = z.custom<StoredMessage>(isJsonObject).meta({
  type: "object",
  properties: {
    msg_id: { type: "integer" },
    user_id: { type: "string" },
    session_id: { type: "string" },
    timestmap: { type: "integer" },
    $log: { type: "object" },
  },
  required: ["msg_id", "user_id", "session_id"],
});
const count = z.int().min(0);
const text = z.string().refine((value) => value.isWellFormed());
const none = z.object({});

const roomId = name(MAX_ROOM_ID);
/** The name of a life of a room, or `"last"` where an ended one can be meant (M12). */
const epoch = name(MAX_EPOCH);
const subscription = z.object({
  class: label(MAX_USER),
  subclass: label(MAX_USER).optional(),
  type: label(MAX_USER).optional(),
  obj_id: label(MAX_ROOM_ID).optional(),
  service: label(MAX_USER).optional(),
});

/** What a log may keep; more is dropped from its low end (M13). */
const retention = z.strictObject({
  /** Seconds. */
  max_age: z.int().min(1).max(3_155_760_000).optional(),
  max_messages: z.int().min(1).optional(),
  /** UTF-8 bytes of the messages' text. */
  max_bytes: z.int().min(1).optional(),
});
export type Retention = z.infer<typeof retention>;

/** Where a log stands (M10, M12): what it keeps are `first_id` to `last_id`. */
const logRange = z.object({ epoch: z.string(), first_id: z.int(), last_id: z.int() });
const logInfo = logRange.extend({
  count: z.int(),
  bytes: z.int(),
  first_time: z.int().optional(),
  last_time: z.int().optional(),
  /** M22: why nothing is removed from it, since when (µs since 1970) and by whom. */
  hold: z.object({ reason: z.string().optional(), since: z.int(), by: z.string() }).optional(),
});
/** What an erasure did, or would do (M21). */
const erased = z.object({
  user_id: z.string(),
  /** Rooms in which something was erased, entries and UTF-8 bytes that went. */
  rooms: z.int(),
  messages: z.int(),
  bytes: z.int(),
  /** Rooms in which something of his is on hold and stays (M22). */
  held: z.array(z.string()).readonly(),
});
const receipt = erased.extend({ receipt: z.string(), /** µs since 1970 */ at: z.int() });
/** What was dropped from a log, or would be (M13). */
const dropped = z.object({ first_id: z.int(), count: z.int(), bytes: z.int() });

/** Who may come into a room, and what holds for everybody in it (R10). What is left out is as in a room without. */
const roomAccess = z.strictObject({
  join: z.enum(["anyone", "invited", "token"]).optional(),
  history: z.enum(["all", "joined"]).optional(),
  read_only: z.boolean().optional(),
  /** Seconds between two messages of a user. */
  slow_mode: z.int().min(0).max(86_400).optional(),
  /** Who is told how far somebody has read (M19): everybody who reads the room, or only himself. */
  marks: z.enum(["all", "own"]).optional(),
});
export type RoomAccess = z.infer<typeof roomAccess>;

/** Names a send among those of its user (M9). */
const clientMsgId = z
  .custom<string>((value) => isText(value, MAX_CLIENT_MSG_ID))
  .meta(shortText(MAX_CLIENT_MSG_ID));
const msgId = z.int().min(1);
/** What has been stored, or was before (M9). */
const stored = z.object({ msg_id: z.int(), duplicate: z.literal(true).optional() });

/** How many times as fast as it happened (M26). */
const replayRate = z.number().min(0.25).max(16);
/** Where a replay stands (M26). */
const replayTime = { time: z.int(), rate: z.number(), paused: z.boolean() };

/** Ten years, in seconds. */
const MAX_SENTENCE = 315_576_000;

/** Who it is about, for how long and why (R9). */
const sentence = z.object({
  room_id: roomId,
  user_id: name(MAX_USER),
  seconds: z.int().min(0).max(MAX_SENTENCE).optional(),
  reason: text.optional(),
});

export const roomClasses = ["sfu", "mcu", "chat"] as const;
const roomClass = z.enum(roomClasses);
/** What `create` takes beside `room_id`, and what `get_info` gives back (R1, R3). */
const roomInfo = z.object({
  class: roomClass,
  backend: text.optional(),
  timeout: z.int().min(5).max(259_200).optional(),
  audio_codec: z.enum(["opus", "isac32", "isac16", "pcmu", "pcma"]).optional(),
  video_codec: z.enum(["vp8", "vp9", "h264"]).optional(),
  bitrate: count.optional(),
  meta: jsonObject.optional(),
  retention: retention.optional(),
  access: roomAccess.optional(),
});

/** A member of a room, under its session id (R4). */
const member = z.object({ user_id: z.string(), role: z.string(), meta: jsonObject.optional() });
export type RoomInfo = z.infer<typeof roomInfo>;

/** How long a login holds, in seconds, and with what its session can be resumed for how long (L12, L13). */
const loginTerms = z.object({
  expires_in: z.int().optional(),
  resume: z.object({ token: z.string(), expires_in: z.int() }).optional(),
});

/** What an external program can decide (C9). */
export const callbackNames = ["login", "subscribe", "send", "create"] as const;

/**
 * The command table: `class/subclass/cmd` → the right it needs, the schema of `data` and of the result. One source
 * for the server's validation, the client's types and the documents. Without `right` everybody may. What `reads` changes
 * nothing, so clients repeat it; what is about its session, or changes it, is `ownSession`: no other request shares that (H2).
 */
export const commands = {
  /** L1, L2, L11. Errors: 100030, 100032, 100034, 100035, 100044, 100050. */
  "core/user/login": {
    ownSession: true,
    data: z.object({
      user: name(MAX_USER).optional(),
      password: z.string().optional(),
      pass: z.string().optional(),
      token: z.string().optional(),
      session_id: z.unknown().optional(),
      meta: jsonObject.optional(),
    }),
    result: loginTerms.extend({ session_id: name(MAX_SESSION_ID) }),
  },
  /** L12: another token of the same user for this connection. Errors: 100030, 100050. */
  "core/user/refresh": { ownSession: true, data: z.object({ token: z.string() }), result: loginTerms },
  /** F9 */
  "core/core/ping": { reads: true, data: z.object({ time: z.number().optional() }), result: none },
  /** C1: who is there: user → session ids. */
  "core/user/list": {
    reads: true,
    right: "users",
    data: none,
    result: z.record(z.string(), z.array(z.string())),
  },
  /** C1: the sessions of a user. Errors: 100033. */
  "core/user/get": {
    reads: true,
    right: "users",
    data: z.object({ user: name(MAX_USER) }),
    result: z.record(z.string(), z.object({ type: z.string(), remote: z.string() })),
  },
  /** C2: event (core, user_event, type, user). */
  "core/user/send_event": {
    right: "send_event",
    data: z.object({ user: name(MAX_USER), type: label(MAX_USER).optional(), body: jsonObject.optional() }),
    result: none,
  },
  /** C2: event (core, session_event, type, session_id). */
  "core/session/send_event": {
    right: "send_event",
    data: z.object({
      session_id: name(MAX_SESSION_ID),
      type: label(MAX_USER).optional(),
      body: jsonObject.optional(),
    }),
    result: none,
  },
  /** C3: the session is closed with 4502. Errors: 100062. */
  "core/session/stop": {
    right: "session_stop",
    data: z.object({ session_id: name(MAX_SESSION_ID) }),
    result: z.object({ user: z.string() }),
  },
  /** C4. Errors: 100005, 100030, 100047, 100062, and those of the other session. */
  "core/session/cmd": {
    ownSession: true,
    right: "session_cmd",
    data: z.object({
      session_id: name(MAX_SESSION_ID),
      class: name(MAX_USER),
      subclass: name(MAX_USER).optional(),
      cmd: name(MAX_USER),
      data: jsonObject.optional(),
    }),
    result: z.unknown(),
  },
  /** C5 */
  "core/session/log": {
    ownSession: true,
    right: "log",
    data: z.object({
      source: z.string(),
      message: z.string(),
      level: z.int().min(1).max(7).optional(),
      full_message: z.string().optional(),
      meta: jsonObject.optional(),
    }),
    result: none,
  },
  /** C9: this connection decides from now on, in turn with others that have registered. */
  "core/callback/register": {
    ownSession: true,
    right: "callback",
    data: z.object({ callback: z.enum(callbackNames), class: name(MAX_USER).optional() }),
    result: none,
  },
  /** C10 */
  "core/server/info": {
    reads: true,
    data: none,
    result: z.object({
      version: z.string(),
      service: z.string(),
      plugins: z.array(z.string()),
      limits: z.record(z.string(), z.unknown()),
      time: z.int(),
    }),
  },
  /** C11: reads the configuration anew; what it names takes effect only after a restart. Errors: 100041. */
  "core/server/reload": {
    ownSession: true,
    right: "admin",
    data: none,
    result: z.object({ restart_needed: z.array(z.string()) }),
  },
  /** W7: webhooks of the service, and how far they are behind. */
  "core/webhook/list": {
    reads: true,
    right: "webhooks",
    data: none,
    result: z.array(
      z.object({
        webhook: z.string(),
        state: z.enum(["ok", "failing", "removed"]),
        /** Requests in a row. */
        failures: z.int(),
        rooms_behind: z.int(),
        lag_seconds: z.int(),
        dead_letters: z.int(),
        last_error: z.string().optional(),
        /** µs since 1970 */
        last_error_at: z.int().optional(),
      }),
    ),
  },
  /** W6, W7: what could not be told, the newest first. */
  "core/webhook/dead_letters": {
    reads: true,
    right: "webhooks",
    data: z.object({
      webhook: name(MAX_USER).optional(),
      before: count.optional(),
      limit: z.int().min(1).max(1000).optional(),
    }),
    result: z.array(
      z.object({
        letter: z.int(),
        webhook: z.string(),
        room_id: z.string(),
        epoch: z.string(),
        from_id: z.int(),
        to_id: z.int(),
        error: z.string(),
        /** µs since 1970 */
        at: z.int(),
      }),
    ),
  },
  /** W7: tells a dead letter once more. Errors: 100044 when there is none. */
  "core/webhook/retry": {
    ownSession: true,
    right: "webhooks",
    data: z.object({ letter: count }),
    result: z.object({ delivered: z.boolean(), error: z.string().optional() }),
  },
  /** E6. Errors: 100020, 100030 for the server's own classes. */
  "core/event/send": {
    right: "event_send",
    data: subscription.extend({ body: jsonObject.optional() }),
    result: none,
  },
  /** E8: an event of the client, for the plugins. */
  "core/core/event": {
    ownSession: true,
    right: "event",
    data: subscription.extend({ body: jsonObject.optional() }),
    result: none,
  },
  /** E2, E4. Errors: 100020, 100044, 100045. */
  "core/event/subscribe": {
    ownSession: true,
    right: "subscribe",
    data: subscription.extend({ body: jsonObject.optional() }),
    result: none,
  },
  /** E4: must match a subscription exactly; ok also when nothing matched. */
  "core/event/unsubscribe": { ownSession: true, right: "subscribe", data: subscription, result: none },
  /** E5: newest first. */
  "core/event/get_subscriptions": {
    reads: true,
    ownSession: true,
    right: "subscribe",
    data: none,
    result: z.array(subscription.extend({ body: jsonObject.optional() })),
  },
  /** R1. Errors: 100044, 100045, 304002. */
  "media/room/create": {
    right: "room_create",
    data: roomInfo.extend({ room_id: roomId.optional() }),
    result: z.object({ room_id: roomId }),
  },
  /** M13: the room's own retention. With `dry_run` nothing changes, and the answer says what would go. Errors: 304001. */
  "media/room/update": {
    right: "room_update",
    data: z.object({ room_id: roomId, retention, dry_run: z.boolean().optional() }),
    result: dropped.partial(),
  },
  /** R2. Errors: 304001. */
  "media/room/destroy": { right: "room_destroy", data: z.object({ room_id: roomId }), result: none },
  /** R3: ascending by `room_id` (code points). Errors: 304103. */
  "media/room/get_list": {
    reads: true,
    right: "room_read",
    data: z.object({
      limit: z.int().min(1).max(10_000).optional(),
      after: text.optional(),
      prefix: text.optional(),
    }),
    result: z.array(z.object({ room_id: roomId, class: roomClass })),
  },
  /** R3. Errors: 304001. */
  "media/room/get_info": {
    reads: true,
    right: "room_read",
    data: z.object({ room_id: roomId }),
    result: roomInfo.omit({ timeout: true }).extend({
      members: z.record(z.string(), member),
      status: z.record(z.string(), jsonObject),
    }),
  },
  /** R4. `msglog` adds `last_id` and `epoch`, with `after` also `first_id` and `recovered`. Errors: 304001, 304104. */
  "media/room/join": {
    ownSession: true,
    right: "room_join",
    data: z.object({
      room_id: roomId,
      role: name(MAX_USER).optional(),
      meta: jsonObject.optional(),
      after: count.optional(),
      epoch: epoch.optional(),
      where: where.optional(),
    }),
    result: logRange
      .extend({ recovered: z.boolean() })
      .partial()
      .extend({
        members: z.record(z.string(), member),
      }),
  },
  /** R4. Errors: 100036. */
  "media/room/leave": {
    ownSession: true,
    right: "room_join",
    data: z.object({ room_id: roomId }),
    result: none,
  },
  /** R8: `none` takes a role away. Errors: 304001. */
  "media/room/grant": {
    right: "room_moderate",
    data: z.object({
      room_id: roomId,
      user_id: name(MAX_USER),
      role: z.enum(["owner", "moderator", "member", "viewer", "none"]),
    }),
    result: none,
  },
  /** R8: user → role, and until when he is banned or muted, µs; without it for good. Errors: 304001. */
  "media/room/get_roles": {
    reads: true,
    right: "room_moderate",
    data: z.object({ room_id: roomId }),
    result: z.record(
      z.string(),
      z.object({
        role: z.enum(roomRoles).optional(),
        until: z.int().optional(),
        muted: z.literal(true).optional(),
        muted_until: z.int().optional(),
      }),
    ),
  },
  /** R9. Errors: 100036, 304001. */
  "media/room/kick": {
    right: "room_moderate",
    data: sentence.omit({ seconds: true }),
    result: none,
  },
  /** R9: for `seconds`, or for good. Errors: 304001. */
  "media/room/ban": {
    right: "room_moderate",
    data: sentence.extend({ seconds: z.int().min(1).max(MAX_SENTENCE).optional() }),
    result: none,
  },
  /** R9: for `seconds`, or for good; 0 ends it. Errors: 304001. */
  "media/room/mute": { right: "room_moderate", data: sentence, result: none },
  /** R10: what is left out stays. Errors: 304001. */
  "media/room/set_access": {
    right: "room_moderate",
    data: z.object(roomAccess.shape).extend({ room_id: roomId }),
    result: none,
  },
  /** R5. Errors: 304001. */
  "media/room/set_status": {
    right: "room_status",
    data: z.object({ room_id: roomId, class: name(MAX_USER), data: jsonObject }),
    result: none,
  },
  /** R5. Errors: 304001. */
  "media/room/send_info": {
    right: "room_info",
    data: z.object({ room_id: roomId, info: text, meta: jsonObject.optional() }),
    result: none,
  },
  /** M1–M4, M9, M14, M16, M20. Errors: 100044, 100045, 304001, 304101, 304102, 304105 (outcome unknown), 304106, 304110. */
  "media/room/msglog_send": {
    right: "msglog_send",
    data: z.object({
      room_id: roomId,
      msg: jsonObject,
      client_msg_id: clientMsgId.optional(),
      epoch: epoch.optional(),
      ref: msgId.optional(),
      mentions: z.array(name(MAX_USER)).min(1).max(MAX_MENTIONS).optional(),
    }),
    result: stored,
  },
  /** M6, M8, M12, M15–M18. Errors: 304001, 304103, 304106, 304110, 304113. */
  "media/room/msglog_get": {
    reads: true,
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      after: count.optional(),
      before: count.optional(),
      from_time: count.optional(),
      to_time: count.optional(),
      user_id: name(MAX_USER).optional(),
      session_id: name(MAX_SESSION_ID).optional(),
      search: text.optional(),
      around: count.optional(),
      order: z.enum(["asc", "desc", "rank"]).optional(),
      rank_after: count.optional(),
      limit: z.int().min(1).max(1000).optional(),
      epoch: epoch.optional(),
      ref: msgId.optional(),
      refs: z.boolean().optional(),
      versions: z.boolean().optional(),
      digest: z.boolean().optional(),
      where: where.optional(),
    }),
    result: z.array(storedMessage),
  },
  /** M10, M17, M23. Errors: 100050, 304001, 304104. */
  "media/room/msglog_subscribe": {
    ownSession: true,
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      after: count.optional(),
      epoch: epoch.optional(),
      where: where.optional(),
      digest: z.boolean().optional(),
    }),
    result: logRange.extend({ recovered: z.boolean() }),
  },
  /** M10: ok also when there was nothing to end. */
  "media/room/msglog_unsubscribe": {
    ownSession: true,
    right: "msglog_get",
    data: z.object({ room_id: roomId }),
    result: none,
  },
  /** M12. Errors: 304001, 304106. */
  "media/room/msglog_info": {
    reads: true,
    right: "msglog_get",
    data: z.object({ room_id: roomId, epoch: epoch.optional() }),
    result: logInfo,
  },
  /** M12: ended lives, the newest first. Errors: 304001, 304103. */
  "media/room/msglog_epochs": {
    reads: true,
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      before: epoch.optional(),
      limit: z.int().min(1).max(1000).optional(),
    }),
    result: z.array(logInfo.extend({ created_at: z.int(), destroyed_at: z.int() })),
  },
  /** M13: drops the messages below `before`; without it what retention does not keep. Errors: 304001, 304106, 304111. */
  "media/room/msglog_purge": {
    right: "msglog_purge",
    data: z.object({
      room_id: roomId,
      before: count.optional(),
      epoch: epoch.optional(),
      dry_run: z.boolean().optional(),
    }),
    result: dropped,
  },
  /** M15: gives a message another body. Errors: those of `msglog_send`. */
  "media/room/msglog_edit": {
    right: "msglog_edit",
    data: z.object({
      room_id: roomId,
      msg_id: msgId,
      msg: jsonObject,
      client_msg_id: clientMsgId.optional(),
      epoch: epoch.optional(),
    }),
    result: stored,
  },
  /** M15: takes a message away from its readers. Errors: 304001, 304105 (outcome unknown), 304106, 304110. */
  "media/room/msglog_delete": {
    right: "msglog_delete",
    data: z.object({
      room_id: roomId,
      msg_id: msgId,
      reason: text.optional(),
      client_msg_id: clientMsgId.optional(),
      epoch: epoch.optional(),
    }),
    result: stored,
  },
  /**
   * M21: what a user wrote goes for good, from all rooms. With `dry_run` nothing changes, and the answer says what would go.
   * Errors: 100051, 304105 (not complete).
   */
  "media/room/msglog_erase_user": {
    right: "msglog_erase",
    data: z.object({ user_id: name(MAX_USER), dry_run: z.boolean().optional() }),
    result: erased.extend(receipt.pick({ receipt: true, at: true }).partial().shape),
  },
  /** M21: erasures, the newest first; one that was cut short has `complete` false. */
  "media/room/msglog_erasures": {
    reads: true,
    right: "msglog_erase",
    data: z.object({
      before: text.optional(),
      limit: z.int().min(1).max(1000).optional(),
    }),
    result: z.array(receipt.extend({ by: z.string(), complete: z.boolean() })),
  },
  /** M22: for all lives of a room, or for one. Errors: 304001, 304106. */
  "media/room/msglog_hold": {
    right: "msglog_hold",
    data: z.object({
      room_id: roomId,
      hold: z.boolean(),
      reason: text.max(1000).optional(),
      epoch: epoch.optional(),
    }),
    result: none,
  },
  /** M24: `null` takes the type's schema away. Errors: 100044 (with `pointer`, `reason`), 100050, 304001, 304109. */
  "media/room/msglog_set_schema": {
    right: "msglog_schema",
    data: z.object({ room_id: roomId, type: name(MAX_USER), schema: jsonObject.nullable() }),
    result: z.object({ version: z.int() }),
  },
  /** M24: by type and version; with `versions` also those that do not hold any more. Errors: 304001, 304106. */
  "media/room/msglog_schemas": {
    reads: true,
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      epoch: epoch.optional(),
      type: name(MAX_USER).optional(),
      versions: z.boolean().optional(),
    }),
    result: z.array(
      z.object({
        type: z.string(),
        version: z.int(),
        from: z.enum(["service", "room"]),
        schema: jsonObject.or(z.boolean()).nullable(),
        /** The first message that it holds for; of a room's. */
        from_id: z.int().optional(),
        by: z.string().optional(),
        /** µs since 1970 */
        at: z.int().optional(),
      }),
    ),
  },
  /** M19: who asks has read up to a message. Errors: 100050, 304001, 304105 (outcome unknown), 304106, 304110. */
  "media/room/msglog_mark": {
    right: "msglog_get",
    data: z.object({ room_id: roomId, msg_id: msgId, epoch: epoch.optional() }),
    result: none,
  },
  /** M19: how far users have read, ascending by `user_id` (code points). Errors: 304001. */
  "media/room/msglog_marks": {
    reads: true,
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      after: text.optional(),
      limit: z.int().min(1).max(10_000).optional(),
    }),
    result: z.array(z.object({ user_id: z.string(), msg_id: z.int() })),
  },
  /** M20: what who asks has not read; without `rooms` in all in which he has a mark. Errors: 100044, 304103. */
  "media/room/msglog_unread": {
    reads: true,
    right: "msglog_get",
    data: z.object({
      rooms: z.array(roomId).max(1000).optional(),
      after: text.optional(),
      limit: z.int().min(1).max(1000).optional(),
      where: where.optional(),
    }),
    result: z.array(
      z.object({
        room_id: z.string(),
        epoch: z.string(),
        unread: z.int(),
        mentions: z.int(),
        mark: z.int(),
        last_id: z.int(),
      }),
    ),
  },
  /** M23: up to the entry `at`, or to the newest. Errors: 304001, 304106, 304110. */
  "media/room/msglog_digest": {
    reads: true,
    right: "msglog_get",
    data: z.object({ room_id: roomId, at: count.optional(), epoch: epoch.optional() }),
    result: z.object({ epoch, msg_id: count, digest: z.string() }),
  },
  /** M26: times in µs since 1970. Errors: 100044, 100050, 304001, 304106. */
  "media/room/msglog_replay": {
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      epoch: epoch.optional(),
      after: count.optional(),
      from_time: count.optional(),
      time: count.optional(),
      until: count.optional(),
      rate: replayRate.optional(),
      paused: z.boolean().optional(),
      as: z.enum(["final", "then"]).optional(),
      where: where.optional(),
    }),
    result: z
      .object({ replay: z.int(), epoch: z.string(), from_time: z.int(), until: z.int() })
      .extend(replayTime),
  },
  /** M26: another pace or place; what is left out stays. Errors: 100044 (also a replay that is not there). */
  "media/room/msglog_replay_set": {
    right: "msglog_get",
    data: z.object({
      room_id: roomId,
      replay: msgId,
      time: count.optional(),
      rate: replayRate.optional(),
      paused: z.boolean().optional(),
    }),
    result: z.object(replayTime),
  },
  /** M26: ok also when there was nothing to end. */
  "media/room/msglog_replay_stop": {
    right: "msglog_get",
    data: z.object({ room_id: roomId, replay: msgId }),
    result: none,
  },
} as const;

export type CommandName = keyof typeof commands;
export type CommandData<N extends CommandName> = z.infer<(typeof commands)[N]["data"]>;
export type CommandResult<N extends CommandName> = z.infer<(typeof commands)[N]["result"]>;
