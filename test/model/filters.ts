import type { FilterName } from "./steps.ts";

/** A message as a reader sees it. */
export type Body = Readonly<Record<string, unknown>>;

interface Known {
  /** As the protocol has it (M17). */
  readonly where: object;
  /** The same, looked at by hand. */
  holds(body: Body): boolean;
}

const known: Readonly<Record<FilterName, Known>> = {
  padded: { where: { "/pad": { exists: true } }, holds: (body) => "pad" in body },
  bare: { where: { "/pad": { exists: false } }, holds: (body) => !("pad" in body) },
  open: { where: { "/open": true }, holds: ({ open }) => open === true },
  others: { where: { not: { user_id: "ann" } }, holds: ({ user_id }) => user_id !== "ann" },
  votes: {
    where: { type: "vote", "/option": { gte: 1, lt: 4 } },
    holds: ({ type, option }) => type === "vote" && typeof option === "number" && option >= 1 && option < 4,
  },
  late_words: {
    where: { or: [{ "/text": { gte: "roc" } }, { "/deep/0/text": { gte: "roc" } }] },
    holds: ({ text, deep }) => [text, textIn(deep)].some((one) => typeof one === "string" && one >= "roc"),
  },
  edited: {
    where: { "/$log/edited/msg_id": { exists: true } },
    holds: ({ $log }) => typeof $log === "object" && $log !== null && "edited" in $log,
  },
  open_or_gone: {
    where: { or: [{ "/open": true }, { "/$log/op": "delete" }] },
    holds: ({ open, $log }) =>
      open === true || ($log as { readonly op?: string } | undefined)?.op === "delete",
  },
};

function textIn(deep: unknown): unknown {
  return Array.isArray(deep) ? (deep[0] as { readonly text?: unknown }).text : undefined;
}

export function whereOf(name: FilterName): object {
  return known[name].where;
}

/** Whether the filter lets a message through. */
export function fits(name: FilterName, body: Body): boolean {
  return known[name].holds(body);
}
