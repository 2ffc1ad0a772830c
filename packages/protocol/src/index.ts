export { changedAccess } from "./access.ts";
export {
  type CloseCode,
  closeCodes,
  FRAME_TOO_LARGE,
  isFinalClose,
  MALFORMED_FRAME,
  TOKEN_EXPIRED,
} from "./close.ts";
export type { CommandData, CommandName, CommandResult, Retention, RoomAccess, RoomInfo } from "./commands.ts";
export { type ErrorCode, type ErrorData, errorCodes, errorText, errorTexts, readOn } from "./errors.ts";
export { type EventData, roomEvents } from "./events.ts";
export {
  type Filter,
  FilterError,
  type FilterTest,
  type FilterValue,
  type Matcher,
  type Members,
  matcherOf,
  membersOf,
  trustedMatcherOf,
} from "./filter.ts";
export { noTime, timeFields } from "./filter-time.ts";
export {
  type AckFrame,
  classify,
  type Inbound,
  isJsonObject,
  type JsonObject,
  type RequestFrame,
  type ResponseFrame,
} from "./frames.ts";
export { MAX_CLOSE_REASON_BYTES, MAX_MENTIONS, MAX_MESSAGE_DEPTH } from "./limits.ts";
export {
  type Change,
  type EntryOp,
  type MessageLog,
  type MessageStamp,
  messageText,
  reservedNames,
  type StoredMessage,
  timeFieldOf,
  type Version,
  withTail,
} from "./message.ts";
export { isName, MAX_ROOM_ID, MAX_SESSION_ID, MAX_USER } from "./names.ts";
export { goesOn } from "./paging.ts";
export {
  commitmentText,
  digestText,
  HASH_DIGITS,
  type ProvenEntry,
  SALT_DIGITS,
  startText,
} from "./proof.ts";
export { readingCommands } from "./reading.ts";
export { type RoomRole, roleRights, roomRoles } from "./roles.ts";
export { isTemporaryError } from "./temporary.ts";
