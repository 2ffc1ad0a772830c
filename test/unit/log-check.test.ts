import { createHash } from "node:crypto";
import { LogChanged, LogCheck, startDigest } from "@roomlog/client/checked";
import { type Change, type MessageLog, messageText } from "@roomlog/protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../packages/client/src/checked/sha256.ts";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { Append } from "../../packages/server/src/store/store.ts";

const one = { service: "main", room_id: "one" };
const life = { room_id: "one", epoch: "e" };

test("[M23] SHA-256 is what Node says it is", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(text, (given) => {
      expect(sha256(given)).toBe(createHash("sha256").update(given).digest("hex"));
    }),
  );
  for (const length of [55, 56, 63, 64, 119, 120, 70_000])
    expect(sha256("é".repeat(length))).toBe(createHash("sha256").update("é".repeat(length)).digest("hex"));
});

type Shown = {
  msg_id: number;
  user_id: string;
  session_id: string;
  timestmap: number;
  msg: string;
  log?: MessageLog;
};

/** A log with what can be in it, as readers see it. */
async function log(): Promise<Shown[]> {
  const store = new MemoryStore();
  const send = (msg: object, part: Partial<Append> = {}): Append => ({
    kind: "append",
    ...one,
    user_id: "ann",
    session_id: "s",
    timestmap: 5,
    msg: JSON.stringify(msg),
    ...part,
  });
  const change = (op: "edit" | "delete", ref: number) => ({ ref, change: { op, any: true } }) as const;
  await store.commit([
    { kind: "create_room", ...one, epoch: "e", info: { class: "chat" }, created_at: 1 },
    send({ n: 1 }),
    send({ n: 2 }),
    send({ n: 3 }),
    send({ n: "new" }, change("edit", 1)),
    send({ n: 5 }, { ref: 2 }),
    send({}, change("delete", 2)),
    send({ n: 7 }),
  ]);
  const page = await store.messages({ ...one, order: "asc", limit: 99, max_bytes: 1e6, digest: true });
  return structuredClone(page?.messages) as unknown as Shown[];
}

/** The entry at which the check ends; undefined when all is well. */
function failureOf(shown: readonly Shown[]): number | undefined {
  const check = new LogCheck("one", { ...life, msg_id: 0, digest: startDigest(life) });
  try {
    for (const { msg, log, ...stamp } of shown) check.next(messageText(msg, stamp, "timestmap", log));
    return undefined;
  } catch (error) {
    if (error instanceof LogChanged) return error.msg_id;
    throw error;
  }
}

test("[M23] a log as it is passes", async () => {
  expect(failureOf(await log())).toBeUndefined();
});

const without = (shown: Shown, name: keyof MessageLog) => {
  const { [name]: _, ...rest } = shown.log as MessageLog;
  shown.log = rest;
};

test("[M23] what does not fit changes nothing: the right entry does afterwards, and what was said of it still counts", async () => {
  const shown = await log();
  const check = new LogCheck("one", { ...life, msg_id: 0, digest: startDigest(life) });
  const textOf = ({ msg, log, ...stamp }: Shown) => messageText(msg, stamp, "timestmap", log);
  const lied = structuredClone(shown);
  const edited = lied[0]?.log?.edited as Change;
  Object.assign(edited, { user_id: "b" });
  const { msg_id } = edited;
  for (const entry of [lied[0] as Shown, ...shown.slice(1, msg_id - 1)]) {
    expect(() => check.next(textOf({ ...entry, timestmap: 9 }))).toThrow(LogChanged);
    check.look(textOf(entry), JSON.parse(textOf(entry)));
    check.next(textOf(entry));
  }
  const before = check.at;
  for (let n = 0; n < 2; n++)
    expect(() => check.next(textOf(shown[msg_id - 1] as Shown))).toThrow(LogChanged);
  expect(check.at).toEqual(before);
});

test.each<[string, at: number, (shown: Shown[]) => unknown]>([
  ["another body", 3, (shown) => Object.assign(shown[2] as Shown, { msg: '{"n":4}' })],
  ["another author", 3, (shown) => Object.assign(shown[2] as Shown, { user_id: "bob" })],
  ["another session", 3, (shown) => Object.assign(shown[2] as Shown, { session_id: "t" })],
  ["another time", 3, (shown) => Object.assign(shown[2] as Shown, { timestmap: 6 })],
  ["another ref", 5, (shown) => Object.assign((shown[4] as Shown).log as object, { ref: 3 })],
  ["no ref", 5, (shown) => without(shown[4] as Shown, "ref")],
  ["an entry is missing", 3, (shown) => shown.splice(2, 1)],
  [
    "two entries in each other's place",
    2,
    (shown) => shown.splice(1, 2, shown[2] as Shown, shown[1] as Shown),
  ],
  [
    "an edited body that is not the edit's",
    1,
    (shown) => Object.assign(shown[0] as Shown, { msg: '{"n":"x"}' }),
  ],
  [
    "an edit that was not made",
    1,
    (shown) => Object.assign((shown[0] as Shown).log?.edited as object, { msg_id: 7 }),
  ],
  [
    "an edit by somebody else",
    1,
    (shown) => Object.assign((shown[0] as Shown).log?.edited as object, { user_id: "b" }),
  ],
  [
    "a deletion that was none",
    2,
    (shown) => Object.assign((shown[1] as Shown).log?.deleted as object, { msg_id: 7 }),
  ],
  [
    "a body with a commitment alone",
    3,
    (shown) => {
      const log = (shown[2] as Shown).log as MessageLog;
      (shown[2] as Shown).msg = '{"n":9}';
      (shown[2] as Shown).log = { digest: log.digest as string, commitment: sha256(`${log.salt}{"n":3}`) };
    },
  ],
  ["no proof at all", 3, (shown) => without(shown[2] as Shown, "salt")],
])("[M23] %s does not pass", async (_, at, change) => {
  const shown = await log();
  change(shown);
  expect(failureOf(shown)).toBe(at);
});
