/** Levels of nesting a message may have; `msg` itself is level 1 (M7). */
export const MAX_MESSAGE_DEPTH = 64;

/** Bytes of UTF-8 that fit into the reason of a WebSocket close frame (T3). */
export const MAX_CLOSE_REASON_BYTES = 123;

/** Filters inside one another (M17). */
export const MAX_FILTER_DEPTH = 8;

/** Objects of a filter, and members of them (M17). */
export const MAX_FILTER_NODES = 256;

/** Values in all lists of a filter (M17). */
export const MAX_FILTER_VALUES = 1000;

/** Users that a message mentions (M20). */
export const MAX_MENTIONS = 50;
