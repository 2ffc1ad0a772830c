/** Longest `user`, `session_id` and `room_id`, in characters (L6). */
export const MAX_USER = 128;
export const MAX_SESSION_ID = 128;
export const MAX_ROOM_ID = 256;
/** Longest name of a life of a room (M12) and of a send (M9), in characters. */
export const MAX_EPOCH = 128;
export const MAX_CLIENT_MSG_ID = 128;

/**
 * Whether `value` can name something (L6): a string of 1 to `max` characters (code points) of well-formed
 * Unicode, without control characters, and not the wildcard `"*"`.
 */
export function isName(value: unknown, max: number): value is string {
  return typeof value === "string" && value !== "*" && isLabel(value, max);
}

/** A name or the wildcard `"*"`: what a subscription may hold in one of its fields (E2). */
export function isLabel(value: unknown, max: number): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return isText(value, max) && !/[\u0000-\u001f\u007f-\u009f]/.test(value);
}

/** A string of 1 to `max` characters (code points) of well-formed Unicode. */
export function isText(value: unknown, max: number): value is string {
  if (typeof value !== "string" || value === "" || !value.isWellFormed()) return false;
  return value.length <= max || (value.length <= 2 * max && [...value].length <= max);
}
