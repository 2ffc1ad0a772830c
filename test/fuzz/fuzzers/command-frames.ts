import { type CommandName, commands } from "@roomlog/protocol/commands";
import * as fc from "fast-check";
import type * as z from "zod";
import { SECRET } from "../frame/config.ts";
import { plainValueText } from "./json-texts.ts";

/** A request as it is sent. Its text is JSON that F1 calls a request; its tid is the only one of its kind in a case. */
export interface CommandFrame {
  readonly text: string;
  readonly tid: string;
}

/** Names that a case may use: of rooms, of the sessions that are there, of users. */
export const ROOMS = ["r1", "r2", "team-1"];
export const OWN_SESSION = "own";
export const PEER_SESSION = "peer";

/** Values that many fields take, as JSON; which of them a field takes its schema says. */
const likely: readonly unknown[] = [
  ...ROOMS,
  OWN_SESSION,
  PEER_SESSION,
  "every",
  "few",
  "chat",
  "sfu",
  "mcu",
  "opus",
  "vp8",
  "asc",
  "desc",
  "last",
  "send",
  "subscribe",
  "create",
  "media",
  "room",
  "msglog_new_msg",
  "app",
  "*",
  "x",
  0,
  1,
  2,
  5,
  7,
  60,
  1000,
  true,
  false,
  {},
  { a: 1 },
  { text: "hi" },
  { "/text": "hi", or: [{ user_id: "every" }, { not: {} }] },
  { max_messages: 3 },
  { max_age: 60, max_bytes: 100 },
];

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** Values that hardly any field takes, as JSON text. */
const unlikely: readonly string[] = [
  "null",
  "-1",
  "0.5",
  "-0",
  "1e308",
  "1e400",
  "9007199254740993",
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  '"e\\u0301"',
  '"\\u202e"',
  '"__proto__"',
  '"constructor"',
  '"hasOwnProperty"',
  '"toString"',
  "[]",
  "[[]]",
  "[1]",
  '["r1"]',
  '{"__proto__":{"admin":1}}',
  '{"constructor":{"prototype":{"admin":1}}}',
  '{"toString":1}',
  '{"length":1e9}',
  '{"then":1}',
  '"\\n2026-01-01 ERROR x"',
  '"\\u001b[31m"',
  '"\'; drop table rooms; --"',
  '"../../etc"',
  '"r1\\u0000r2"',
  "2147483648",
  "4294967296",
  "9007199254740991",
  "1.0",
  '"1"',
  '{"max_age":0}',
  '{"max_messages":"1"}',
  '{"max_messages":1,"__proto__":1}',
  nested(63),
  nested(64),
  nested(70),
  nested(2000),
];

/** Values that are too much of something. They take long to make and to send, so they are rare. */
const huge: readonly string[] = [
  JSON.stringify("x".repeat(129)),
  JSON.stringify("x".repeat(20_000)),
  JSON.stringify("\u{1f600}".repeat(5000)),
  JSON.stringify({ a: "x".repeat(70_000) }),
  JSON.stringify({ a: "x".repeat(200_000) }),
  JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]))),
  JSON.stringify(Array.from({ length: 20_000 }, () => [])),
];

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...unlikely) },
  { weight: 3, arbitrary: fc.constantFrom(...likely).map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: plainValueText },
  { weight: 1, arbitrary: fc.constantFrom(...huge) },
);

type Member = readonly [key: string, value: string];

/** A member of `data`: mostly what the schema takes, else left out or anything. */
function field(name: string, schema: z.ZodType): fc.Arbitrary<Member[]> {
  const valid = likely.filter((value) => schema.safeParse(value).success);
  const isOptional = schema.safeParse(undefined).success;
  const right =
    valid.length === 0 ? anyValue : fc.constantFrom(...valid).map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 8, arbitrary: right.map((value) => [[name, value] as const]) },
    { weight: isOptional ? 8 : 1, arbitrary: fc.constant<Member[]>([]) },
    { weight: 1, arbitrary: anyValue.map((value) => [[name, value] as const]) },
    { weight: 1, arbitrary: anyValue.map((value) => [[name.toUpperCase(), value] as const]) },
  );
}

const extraKey = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "extra",
  "",
  "msg_id",
  "tid",
  "$log",
);
const extra: fc.Arbitrary<Member[]> = fc.array(fc.tuple(extraKey, anyValue), { maxLength: 2 });

function objectText(members: readonly Member[]): string {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

function dataText(name: CommandName): fc.Arbitrary<string> {
  const fields = Object.entries(commands[name].data.shape as Record<string, z.ZodType>);
  const members = fc.tuple(...fields.map(([name, schema]) => field(name, schema)));
  const sometimes = fc.oneof({ weight: 4, arbitrary: fc.constant<Member[]>([]) }, extra);
  const object = fc
    .tuple(members, sometimes)
    .map(([members, extra]) => objectText([...members.flat(), ...extra]));
  return fc.oneof({ weight: 14, arbitrary: object }, anyValue);
}

/** `login` only where a case begins before it, and there as good as right. */
const login = fc
  .record({ user: fc.constantFrom("every", "few", "nobody"), password: fc.constantFrom(SECRET, "wrong", "") })
  .map((data) => ["core/user/login", JSON.stringify({ ...data, session_id: OWN_SESSION })] as const);

const known = fc
  .constantFrom(...(Object.keys(commands) as CommandName[]).filter((name) => name !== "core/user/login"))
  .chain((name) => dataText(name).map((data) => [name, data] as const));

const word = fc.constantFrom(
  "core",
  "media",
  "room",
  "user",
  "session",
  "ping",
  "Ping",
  "PING",
  "msglog_send",
  "login",
  "event",
  "",
  "*",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\u0000",
  "\ud83d\ude00",
  "x".repeat(300),
  "core/user",
);
const unknown = fc
  .tuple(word, word, word, anyValue)
  .map(([cls, subclass, cmd, data]) => [`${cls}\t${subclass}\t${cmd}`, data] as const);

/** As many ways to write a tid; `#` is what makes it the only one. */
const tidText = fc.constantFrom(
  "#",
  "#.0",
  "#e0",
  '"#"',
  '"t\\u002d#"',
  "[#]",
  '{ "a" : # }',
  "[ null , # ]",
  '{"__proto__":#}',
  '"\u{1f600}#"',
  "-#.50",
  '"#\\ud800"',
  "#00000000000000000000",
  '"}],\\"tid\\":#"',
);

const frameParts = fc.tuple(
  fc.oneof(
    { weight: 20, arbitrary: known },
    { weight: 2, arbitrary: unknown },
    { weight: 1, arbitrary: login },
  ),
  tidText,
  fc.constantFrom("cls,cmd,data,tid", "tid,data,cmd,cls", "cls,cmd,tid,data,other", "other,cls,cmd,data,tid"),
);

function frame(
  [[name, data], tidPattern, order]: readonly [Member, string, string],
  n: number,
): CommandFrame {
  const tid = tidPattern.replace("#", String(n + 1));
  const [cls, subclass, cmd] = name.includes("\t") ? name.split("\t") : name.split("/");
  const parts: Record<string, string> = {
    cls: `"class":${JSON.stringify(cls)},"subclass":${JSON.stringify(subclass)}`,
    cmd: `"cmd":${JSON.stringify(cmd)}`,
    data: `"data":${data}`,
    tid: `"tid":${tid}`,
    other: '"result":"ok","ack":1,"__proto__":{"tid":0}',
  };
  return {
    tid,
    text: `{${order
      .split(",")
      .map((part) => parts[part])
      .join(",")}}`,
  };
}

/** Requests of every command of the table, right and wrong, in bursts. */
export const commandFrames: fc.Arbitrary<CommandFrame[]> = fc
  .array(frameParts, { minLength: 1, maxLength: 12 })
  .map((list) => list.map(frame));
