export { delay } from "./again.ts";
export { Client, type Unread } from "./client.ts";
export {
  CallError,
  type CallOptions,
  type Closed,
  Connection,
  ConnectionLost,
  type ConnectionOptions,
  isRefusal,
} from "./connection.ts";
export {
  ClientClosed,
  InvalidMessage,
  type Issue,
  OutboxFull,
  OutcomeUnknown,
  RoomEnded,
  RoomLeft,
} from "./errors.ts";
export type { HistoryOptions } from "./history.ts";
export type { Unsubscribe } from "./listeners.ts";
export type { Message, Schema } from "./message.ts";
export type { ClientOptions, TokenSource } from "./options.ts";
export type { DeleteOptions, MessageOptions, SendOptions, Sent } from "./outbox.ts";
export type { Replay, ReplayOptions } from "./replay.ts";
export type { Room } from "./room.ts";
export type { Member, Members, RoomEvents } from "./room-events.ts";
export type { JoinOptions, MessagesOptions } from "./room-options.ts";
export type { ClientState } from "./state.ts";
export { systemTimers, type Timers } from "./timers.ts";
export { watch } from "./watch.ts";
