import { readFileSync } from "node:fs";
import { type Filter, type FilterTest, matcherOf, membersOf, trustedMatcherOf } from "@roomlog/protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";

/** What M17 says, spelled out over values that are walked through entry by entry, and never by `message[name]`. */
const oracle = {
  value(message: unknown, names: readonly string[]): { readonly found: boolean; readonly value?: unknown } {
    if (names.length === 0) return { found: true, value: message };
    const [name, ...rest] = names;
    if (Array.isArray(message)) {
      const i = message.findIndex((_, index) => `${index}` === name);
      return i < 0 ? { found: false } : oracle.value(message[i], rest);
    }
    if (typeof message !== "object" || message === null) return { found: false };
    const entry = Object.entries(message).find(([key]) => key === name);
    return entry ? oracle.value(entry[1], rest) : { found: false };
  },

  names(path: string): string[] {
    if (!path.startsWith("/")) return [path];
    const names: string[] = [];
    for (let i = 0; i < path.length; i++) {
      if (path[i] === "/") names.push("");
      else {
        const letter = path[i] === "~" ? (path[++i] === "0" ? "~" : "/") : (path[i] as string);
        names.push(`${names.pop()}${letter}`);
      }
    }
    return names;
  },

  order(a: unknown, b: unknown): number | undefined {
    if (typeof a === "number" && typeof b === "number") return a - b > 0 ? 1 : a - b < 0 ? -1 : 0;
    if (typeof a !== "string" || typeof b !== "string") return undefined;
    for (let i = 0; i < Math.min(a.length, b.length); i++)
      if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
    return a.length - b.length;
  },

  equals(a: unknown, b: unknown): boolean {
    if (a === null || b === null) return a === null && b === null;
    if (typeof a === "boolean" || typeof b === "boolean")
      return String(a) === String(b) && typeof a === typeof b;
    return oracle.order(a, b) === 0;
  },

  test(one: unknown, { found, value }: { readonly found: boolean; readonly value?: unknown }): boolean {
    if (typeof one !== "object" || one === null) return found && oracle.equals(value, one);
    return Object.entries(one as FilterTest).every(([operator, wanted]) => {
      if (operator === "exists") return wanted ? found : !found;
      if (!found) return false;
      if (operator === "eq") return oracle.equals(value, wanted);
      if (operator === "in") return (wanted as unknown[]).some((each) => oracle.equals(value, each));
      const order = oracle.order(value, wanted);
      if (order === undefined) return false;
      if (operator === "lt") return order < 0;
      if (operator === "lte") return order <= 0;
      return operator === "gt" ? order > 0 : order >= 0;
    });
  },

  holds(filter: Filter, message: unknown): boolean {
    for (const [key, part] of Object.entries(filter)) {
      if (key === "and" && !(part as Filter[]).every((one) => oracle.holds(one, message))) return false;
      if (key === "or" && !(part as Filter[]).some((one) => oracle.holds(one, message))) return false;
      if (key === "not" && oracle.holds(part as Filter, message)) return false;
      if (["and", "or", "not"].includes(key)) continue;
      if (!oracle.test(part, oracle.value(message, oracle.names(key)))) return false;
    }
    return true;
  },
};

/** Few of each, so that paths, values and messages meet often. */
const NAMES = ["a", "b", "a.b", "a/b", "~", "", "0", "1", "__proto__", "constructor", "length", "type", "ä"];
const SCALARS = [
  0,
  -0,
  1,
  1.5,
  -2,
  1e300,
  9007199254740992,
  "",
  "a",
  "B",
  "b",
  "ab",
  "1",
  "ä",
  "😀",
  "\ufffd",
  true,
  false,
  null,
];
const name = fc.constantFrom(...NAMES);
const scalar = fc.constantFrom(...SCALARS);
const ordered = scalar.filter((value) => typeof value === "number" || typeof value === "string");
const escaped = (text: string) => text.replaceAll("~", "~0").replaceAll("/", "~1");

const objectOf = (entries: readonly (readonly [string, unknown])[]) => {
  const members = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return JSON.parse(`{${members.join(",")}}`);
};

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 2, arbitrary: fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map(objectOf) },
  ),
}));
const body = fc.array(fc.tuple(name, value), { maxLength: 6 }).map(objectOf);

const path = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("user_id", "session_id", "type", "/user_id", "/msg_id") },
  {
    weight: 5,
    arbitrary: fc
      .array(name, { minLength: 1, maxLength: 3 })
      .map((names) => names.map((one) => `/${escaped(one)}`).join("")),
  },
);
const tests = fc.oneof(
  scalar,
  fc
    .record(
      {
        eq: scalar,
        lt: ordered,
        lte: ordered,
        gt: ordered,
        gte: ordered,
        in: fc.array(scalar, { maxLength: 4 }),
        exists: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .filter((test) => Object.keys(test).length > 0),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => {
  const list = fc.array(tie("filter"), { maxLength: 3 });
  const condition = fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    { weight: 4, arbitrary: fc.tuple(path, tests) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom("and", "or"), list) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("not"), tie("filter")) },
  );
  return { filter: fc.array(condition, { maxLength: 3 }).map(objectOf) };
});

const stamp = fc.record({
  msg_id: fc.nat(3),
  user_id: fc.constantFrom("a", "b"),
  session_id: fc.constantFrom("a", "1"),
  timestmap: fc.constant(1),
});

test("[M17] a filter holds exactly where the rule says, for any filter and message", () => {
  let held = 0;
  let runs = 0;
  fc.assert(
    fc.property(filter, body, stamp, (where, msg, server) => {
      const text = JSON.stringify(msg);
      const { timestmap: _, ...seen } = server;
      // The server's names are cut out of what is sent (M2), so none is there twice.
      const message = objectOf([...Object.entries(msg), ...Object.entries(seen)]);
      const expected = oracle.holds(where, message);
      runs += 1;
      if (expected) held += 1;
      expect(matcherOf(where)(membersOf({ ...server, msg: text }))).toBe(expected);
      expect(trustedMatcherOf(JSON.stringify(where))(membersOf({ ...server, msg: text }))).toBe(expected);
    }),
    { numRuns: 5000 },
  );
  // Neither answer is rare: otherwise this would say little.
  expect(held / runs).toBeGreaterThan(0.1);
  expect(held / runs).toBeLessThan(0.9);
});

test("[M17] whatever is no filter is refused with an error that names a place, and never with another", () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc
      .array(fc.tuple(fc.oneof(path, fc.constantFrom("and", "or", "not", "x", "__proto__")), fc.jsonValue()))
      .map(objectOf),
  );
  fc.assert(
    fc.property(anything, (value) => {
      try {
        matcherOf(value)(() => undefined);
      } catch (error) {
        expect((error as Error).name).toBe("FilterError");
        expect((error as Error).message).toMatch(/^where/);
      }
    }),
    { numRuns: 3000 },
  );
});

test("[M17] a message is parsed when its body is asked for, and once", () => {
  let reads = 0;
  const message = {
    msg_id: 1,
    user_id: "ann",
    session_id: "s",
    timestmap: 1,
    get msg() {
      reads += 1;
      return '{"a":1,"b":2}';
    },
  };
  expect(matcherOf({ user_id: "bob", "/a": 1 })(membersOf(message))).toBe(false);
  expect(reads).toBe(0);
  expect(matcherOf({ "/a": 1, "/b": 2, or: [{ "/a": 0 }, { "/b": { gt: 1 } }] })(membersOf(message))).toBe(
    true,
  );
  expect(reads).toBe(1);
});

test("[M17] the examples of docs/filters.md are filters", () => {
  const text = readFileSync(new URL("../../docs/filters.md", import.meta.url), "utf8");
  const [, examples = ""] = /## Examples\n+```json\n([^`]*)```/.exec(text) ?? [];
  const filters = examples.trim().split("\n");
  expect(filters.length).toBeGreaterThan(3);
  for (const filter of filters) expect(() => matcherOf(JSON.parse(filter))).not.toThrow();
});
