/** Levels of nesting a message may have; `msg` itself is level 1 (M7). */
export const MAX_MESSAGE_DEPTH = 64;

/** Bytes of UTF-8 that fit into the reason of a WebSocket close frame (T3). */
export const MAX_CLOSE_REASON_BYTES = 123;
