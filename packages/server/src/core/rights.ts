/** Rights that `"*"` does not cover: they are given by name (L7). */
const BY_NAME_ONLY: ReadonlySet<string> = new Set([
  "admin",
  "callback",
  "other_services",
  "msglog_purge",
  "room_update",
]);

/** Whether the holder of `rights` may do what needs `right`; what needs none everybody may. */
export function may(rights: readonly string[], right: string | undefined): boolean {
  if (right === undefined || rights.includes(right)) return true;
  return rights.includes("*") && !BY_NAME_ONLY.has(right);
}
