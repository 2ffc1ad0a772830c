import type * as z from "zod";

/** What is wrong with the settings `given`, a line each: `limits.frame_bytes: Too small …`; they stand `below` a path. */
export function problemsOf({ issues }: z.ZodError, given: unknown, below: readonly string[] = []): string {
  const describe = ({ path, message, ...issue }: z.core.$ZodIssue): string[] => {
    const setting = [...below, ...path];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `${[...setting, key].join(".")}: there is no such setting`);
    const what = issue.code !== "custom" && isMissing(given, path) ? "is missing" : message;
    return [`${setting.join(".") || "configuration"}: ${what}`];
  };
  return issues.flatMap(describe).join("\n");
}

/** Whether nothing stands where a setting has to be. */
function isMissing(given: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  return value === undefined;
}
