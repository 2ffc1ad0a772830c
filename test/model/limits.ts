/** What bounds a connection and an answer here: small, so that lag and pages are the rule. */
export const limits = { window: 4, session_queue_bytes: 6000 };

export const msglog = { max_message_bytes: 3000, max_get_messages: 12, max_get_bytes: 6000 };

/** A log is filled up to so many messages: a few more, and its first 256 are indexed (M18). */
export const FILLED = 253;

/** Text that makes a message `big` or `too_big`. */
export const padding = { big: "x".repeat(2200), too_big: "x".repeat(3000) };

/** More events than this do not wait for one connection: they would close it (4002). */
export const MOST_WAITING = 20;

/** Longer than any run: no timeout falls due by itself. */
export const LONG = 86_400;
