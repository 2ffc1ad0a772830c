/**
 * What checking a message costs: microseconds for usual ones, and the worst that a room's schema and a message of 64 KiB can
 * be made to cost. `node --conditions=source bench/schema.ts`
 */
import { checkerOf } from "../packages/server/src/services/msglog/typed/checker.ts";
import { faultOfSchema, type Schema } from "../packages/server/src/services/msglog/typed/schema-fault.ts";

type Msg = Parameters<ReturnType<typeof checkerOf>>[0];

const MAX_MESSAGE = 65_536;
const text = { type: "string" };
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const chat = {
  type: "object",
  required: ["text"],
  properties: {
    type: { const: "chat" },
    text: { ...text, minLength: 1, maxLength: 65_000 },
    reply_to: { type: "integer" },
  },
  additionalProperties: false,
};
const poll = {
  type: "object",
  required: ["question", "options"],
  properties: {
    type: text,
    question: { ...text, maxLength: 300 },
    options: {
      type: "array",
      minItems: 2,
      maxItems: 20,
      uniqueItems: true,
      items: {
        type: "object",
        required: ["id", "text"],
        properties: { id: { type: "integer" }, text: { ...text, maxLength: 100 } },
        additionalProperties: false,
      },
    },
    closes_at: { ...text, format: "date-time" },
  },
};

const usual: [string, object, object][] = [
  ["chat", chat, { type: "chat", text: "Good morning, everybody" }],
  ["chat of 60 kB", chat, { type: "chat", text: "x".repeat(60_000) }],
  [
    "poll of 10 options",
    poll,
    {
      type: "poll",
      question: "When?",
      options: many(10, (id) => ({ id, text: `Option ${id}` })),
      closes_at: "2026-01-01T10:00:00Z",
    },
  ],
  [
    "stroke of 2000 points",
    { properties: { points: { items: { type: "number" } } } },
    { points: many(2000, (i) => i / 3) },
  ],
];

/** Alternatives that all fail, one inside the other: 2 to the power of `levels`. */
const blowUp = (levels: number): Record<string, object> =>
  Object.fromEntries(
    many(levels, (i) => [
      `a${i}`,
      i === 0 ? { type: "null" } : { anyOf: [{ $ref: `#/$defs/a${i - 1}` }, { $ref: `#/$defs/a${i - 1}` }] },
    ]),
  );

const numbers = { a: many(30_000, (i) => i % 10) };
const objects = { a: many(6000, () => ({ b: 1 })) };
const wide = Object.fromEntries(many(6000, (i) => [`k${i}`, 1]));
const worst: [string, (size: number) => [object, object]][] = [
  ["$ref blow-up", (n) => [{ $defs: blowUp(14), $ref: "#/$defs/a13" }, { a: many(n, () => 1) }]],
  [
    "anyOf over items",
    (n) => [
      { properties: { a: { items: { anyOf: many(60, () => ({ type: "null" })) } } } },
      { a: numbers.a.slice(0, n) },
    ],
  ],
  [
    "allOf over items",
    (n) => [{ properties: { a: { items: { allOf: many(60, () => ({})) } } } }, { a: numbers.a.slice(0, n) }],
  ],
  [
    "items",
    (n) => [{ properties: { a: { items: { type: "number", minimum: 0 } } } }, { a: numbers.a.slice(0, n) }],
  ],
  [
    "objects in items",
    (n) => [
      {
        properties: {
          a: {
            items: { required: ["b"], properties: { b: { type: "number" } }, additionalProperties: false },
          },
        },
      },
      { a: objects.a.slice(0, n) },
    ],
  ],
  ["contains", (n) => [{ properties: { a: { contains: { type: "null" } } } }, { a: numbers.a.slice(0, n) }]],
  [
    "members",
    (n) => [
      { allOf: many(100, () => ({ minProperties: 0 })) },
      Object.fromEntries(Object.entries(wide).slice(0, n)),
    ],
  ],
  [
    "names of members",
    (n) => [{ propertyNames: { maxLength: 100 } }, Object.fromEntries(Object.entries(wide).slice(0, n))],
  ],
  [
    "long names",
    (n) => [
      { additionalProperties: { anyOf: many(20, () => ({ type: "null" })) } },
      Object.fromEntries(many(Math.ceil(n / 400), (i) => [`é${i}`.padEnd(1000, "é"), 1])),
    ],
  ],
  ["the same twice", (n) => [{ properties: { a: { uniqueItems: true } } }, { a: many(n, (i) => ({ i })) }]],
  [
    "the same twice, numbers",
    (n) => [{ properties: { a: { uniqueItems: true } } }, { a: many(n, (i) => i) }],
  ],
  ["steps", (n) => [{ properties: { a: { items: { multipleOf: 5e-324 } } } }, { a: many(n, () => 1e308) }]],
  [
    "length of texts",
    (n) => [
      { properties: { a: { allOf: many(200, () => ({ maxLength: 65_000 })) } } },
      { a: "x".repeat(n * 4) },
    ],
  ],
  [
    "dates",
    (n) => [
      { properties: { a: { allOf: many(100, () => ({ format: "date-time" })) } } },
      { a: "t".repeat(n * 4) },
    ],
  ],
  [
    "addresses",
    (n) => [
      { properties: { a: { allOf: many(100, () => ({ format: "email" })) } } },
      { a: `${"a".repeat(n * 4)}` },
    ],
  ],
  [
    "choices",
    (n) => [
      { properties: { a: { items: { enum: many(2000, (i) => `x${i}`) } } } },
      { a: many(n, () => "y") },
    ],
  ],
  [
    "choices that are objects",
    (n) => [
      { properties: { a: { items: { not: { enum: many(600, (i) => ({ b: [i, [i]] })) } } } } },
      { a: many(n, () => ({ b: [0, [1]] })) },
    ],
  ],
];

/** Milliseconds of CPU of one check, the mean of some: the machine's other work does not count. */
function timeOf(
  schema: object,
  msg: object,
  repeats: number,
): { readonly ms: number; readonly reason: string | undefined } {
  const check = checkerOf(schema as Schema, "room");
  for (let i = 0; i < repeats; i++) check(msg as Msg);
  const start = process.threadCpuUsage();
  for (let i = 0; i < repeats; i++) check(msg as Msg);
  const { user, system } = process.threadCpuUsage(start);
  return { ms: (user + system) / 1000 / repeats, reason: check(msg as Msg)?.reason.slice(0, 60) };
}

for (const [name, schema, msg] of usual) {
  const { ms, reason } = timeOf(schema, msg, 300);
  console.log(`${name.padEnd(28)} ${(ms * 1000).toFixed(1)} µs ${reason ?? "ok"}`);
}
let most = 0;
for (const [name, make] of worst) {
  const found = [];
  for (let size = 1; size <= 32_768; size *= 2) {
    const [schema, msg] = make(Math.floor(size));
    const fault = faultOfSchema(schema, "room");
    if (fault) throw new Error(`${name}: ${fault.reason}`);
    if (JSON.stringify(msg).length > MAX_MESSAGE) break;
    found.push({ size: Math.floor(size), ...timeOf(schema, msg, 20) });
  }
  const worst = found.toSorted((a, b) => b.ms - a.ms)[0];
  most = Math.max(most, worst?.ms ?? 0);
  console.log(`${name.padEnd(28)} ${worst?.ms.toFixed(2)} ms at ${worst?.size}: ${worst?.reason ?? "ok"}`);
}
console.log(`worst: ${most.toFixed(2)} ms`);
