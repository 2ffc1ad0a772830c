import fc from "fast-check";
import { type AnomalyName, anomalyTexts, checkHistory, type HistoryRecord, type Seen } from "roomlog/testing";
import { describe, expect, test } from "vitest";

const rooms = ["r1", "r2"] as const;
const outcomes = ["ok", "error", "stored", "lost", "retried", "raced"] as const;

/**
 * A send and what becomes of it. `stored` and `lost` remain unanswered, `retried` is answered the second time, and
 * `raced` is sent again before it is answered.
 */
interface Step {
  readonly room: (typeof rooms)[number];
  readonly outcome: (typeof outcomes)[number];
}

/** Subscribers arrive behind this step, and connect anew at the other. */
const ARRIVAL = 2;
const RECONNECT = 12;
/** One of them is there from the start, gone from this step on, and then goes on where it had stopped. */
const GONE = 10;
/** Before this step all that one user has sent is erased. */
const ERASURE = 10;
const ERASED_USER = "u2";
const userIn = (room: string) => (room === "r2" ? ERASED_USER : "u1");

/** What a sound server would leave behind. */
function soundHistory(steps: readonly Step[]): HistoryRecord[] {
  const logs = new Map<string, Seen[]>(rooms.map((room) => [room, []]));
  const ahead = Array.from(logs, ([room]) => resumeAt(room, 1, 0));
  const lines = steps.flatMap((step, n) => [
    ...(n === ERASURE ? erasure(logs.get("r2") as Seen[]) : []),
    ...(n === RECONNECT ? [...logs].flatMap(([room, log]) => resumed(room, log)) : []),
    ...linesOf(step, n, logs.get(step.room) as Seen[]),
  ]);
  const missed = steps.length <= RECONNECT ? [...logs].flatMap(([room, log]) => resumed(room, log)) : [];
  const finals = [...logs].flatMap(([room, log]): HistoryRecord[] => [
    { kind: "final", room, messages: log.slice(0, 3) },
    { kind: "final", room, messages: log.slice(3) },
  ]);
  return [...ahead, ...lines, ...missed, ...finals];
}

function erasure(log: Seen[]): HistoryRecord[] {
  log.splice(0, log.length, ...log.map(withoutBody));
  return [
    { kind: "erase", user: ERASED_USER },
    { kind: "erased", user: ERASED_USER, complete: true },
  ];
}

function withoutBody({ msg_id, timestmap }: Seen): Seen {
  return { msg_id, id: "", text: "{}", timestmap, erased: true };
}

function resumeAt(room: string, connection: number, after: number): HistoryRecord {
  return { kind: "resume", subscriber: "s3", connection, room, after };
}

/** The one that was gone gets what it missed. */
function resumed(room: string, log: readonly Seen[]): HistoryRecord[] {
  const missed = log.filter((message) => stepOf(message) >= GONE);
  return [
    resumeAt(room, 2, log.length - missed.length),
    ...missed.map((message): HistoryRecord => eventTo("s3", 2, room, message)),
  ];
}

function eventTo(subscriber: string, connection: number, room: string, message: Seen): Of<"event"> {
  return { kind: "event", subscriber, connection, room, ...message };
}

function linesOf({ room, outcome }: Step, n: number, log: Seen[]): HistoryRecord[] {
  const id = `c1.${n}`;
  const text = JSON.stringify({ id, n });
  const message = { msg_id: log.length + 1, id, text, timestmap: 1_700_000_000_000_000 + n };
  const lines = attemptsOf(
    outcome,
    { kind: "invoke", room, user: userIn(room), client: "c1", id, text },
    message.msg_id,
  );
  if (outcome === "error" || outcome === "lost") return lines;
  log.push(message);
  if (n > ARRIVAL) lines.push(...sightingsOf(room, n < RECONNECT ? 1 : 2, log));
  if (n < GONE || n >= RECONNECT) lines.push(eventTo("s3", n < GONE ? 1 : 2, room, message));
  return lines;
}

function attemptsOf(outcome: Step["outcome"], invoke: Of<"invoke">, msg_id: number): HistoryRecord[] {
  const { id } = invoke;
  const ok = { kind: "ok", id, msg_id } as const;
  const again = { ...ok, duplicate: true } as const;
  switch (outcome) {
    case "ok":
      return [invoke, ok];
    case "error":
      return [invoke, { kind: "error", id, code: 100051 }];
    case "stored":
    case "lost":
      return [invoke, { kind: "unknown", id }];
    case "retried":
      return [invoke, { kind: "unknown", id }, invoke, again];
    case "raced":
      return [invoke, invoke, again, ok];
  }
}

function sightingsOf(room: string, connection: number, log: readonly Seen[]): HistoryRecord[] {
  const message = log.at(-1) as Seen;
  const after = Math.max(1, log.length - 3);
  return [
    eventTo("s1", connection, room, message),
    eventTo("s2", connection, room, message),
    { kind: "page", room, after, messages: log.slice(after) },
  ];
}

/** Room r1 gets 1 (unanswered) to 11 (acknowledged), with one refused and one lost in between; r2 gets three. */
const steps: Step[] = [
  { room: "r1", outcome: "stored" },
  { room: "r2", outcome: "ok" },
  { room: "r1", outcome: "ok" },
  { room: "r1", outcome: "error" },
  { room: "r1", outcome: "ok" },
  { room: "r1", outcome: "stored" },
  { room: "r1", outcome: "ok" },
  { room: "r2", outcome: "ok" },
  { room: "r1", outcome: "lost" },
  { room: "r1", outcome: "ok" },
  { room: "r1", outcome: "ok" },
  { room: "r1", outcome: "ok" },
  { room: "r2", outcome: "ok" },
  { room: "r1", outcome: "retried" },
  { room: "r1", outcome: "raced" },
  { room: "r1", outcome: "ok" },
];
const FIRST = "c1.0";
const FOURTH = "c1.5";
const RETRIED = "c1.13";
const RACED = "c1.14";
const LAST = "c1.15";
const LOST = "c1.8";
/** Of the user who is erased, before that and behind it. */
const ERASED = "c1.1";
const AFTER_ERASURE = "c1.12";

type Kind = HistoryRecord["kind"];
type Of<K extends Kind> = Extract<HistoryRecord, { kind: K }>;

/** The first record of a kind that fits becomes others. */
function change<K extends Kind>(
  records: readonly HistoryRecord[],
  kind: K,
  into: (record: Of<K>) => readonly HistoryRecord[] | undefined,
): HistoryRecord[] {
  let done = false;
  const changed = records.flatMap((record) => {
    const others = done || record.kind !== kind ? undefined : into(record as Of<K>);
    done ||= others !== undefined;
    return others ?? [record];
  });
  if (!done) throw new Error("nothing was changed");
  return changed;
}

/** Each message wherever it was seen becomes others. */
function everywhere(
  records: readonly HistoryRecord[],
  into: (message: Seen) => readonly Seen[],
): HistoryRecord[] {
  return records.flatMap((record): HistoryRecord[] => {
    if (record.kind === "event") return into(record).map((message) => ({ ...record, ...message }));
    if (record.kind !== "page" && record.kind !== "final") return [record];
    return [{ ...record, messages: record.messages.flatMap(into) }];
  });
}

/** The last piece of r1's final read. */
const lastPiece = (into: (messages: readonly Seen[]) => readonly Seen[]) => (record: Of<"final">) =>
  record.room === "r1" && record.messages.some(({ id }) => id === LAST)
    ? [{ ...record, messages: into(record.messages) }]
    : undefined;

const firstPage = (into: (page: Of<"page">) => Of<"page">) => (page: Of<"page">) =>
  page.messages.length === 3 ? [into(page)] : undefined;

const middleEvent = (into: (event: Of<"event">) => readonly HistoryRecord[]) => (event: Of<"event">) =>
  event.id === FOURTH ? into(event) : undefined;

const without = (id: string) => (message: Seen) => (message.id === id ? [] : [message]);

const isOfSend = (id: string) => (record: HistoryRecord) =>
  (record.kind === "invoke" || record.kind === "ok") && record.id === id;

const onAnswerTo = (id: string, into: (ok: Of<"ok">) => Of<"ok">) => (ok: Of<"ok">) =>
  ok.id === id ? [into(ok)] : undefined;

const isOfResumer = (record: HistoryRecord): record is Of<"event"> =>
  record.kind === "event" && record.subscriber === "s3";

const stepOf = ({ id }: Seen): number => Number(id.split(".")[1]);

type Records = readonly HistoryRecord[];

/** Each fault with the one name that it is reported under. */
const faults: readonly (readonly [string, AnomalyName, (records: Records) => Records])[] = [
  ["an acknowledged message is nowhere", "lost-acked-write", (records) => everywhere(records, without(LAST))],
  [
    "a message is stored again at the end",
    "duplicate",
    (records) =>
      change(
        records,
        "final",
        lastPiece((all) => {
          const [one, last] = [all[0] as Seen, all.at(-1) as Seen];
          return [...all, { ...one, msg_id: last.msg_id + 1, timestmap: last.timestmap }];
        }),
      ),
  ],
  [
    "a message that was sent twice is stored twice",
    "duplicate",
    (records) =>
      change(
        records,
        "final",
        lastPiece((all) => {
          const [last, raced] = [all.at(-1) as Seen, all.find(({ id }) => id === RACED) as Seen];
          return [...all, { ...raced, msg_id: last.msg_id + 1, timestmap: last.timestmap }];
        }),
      ),
  ],
  [
    "a retry is answered with the id of another message",
    "retry-got-other-id",
    (records) =>
      change(
        records,
        "ok",
        onAnswerTo(RACED, (ok) => ({ ...ok, msg_id: ok.msg_id - 1 })),
      ),
  ],
  [
    "a retry is not answered as one",
    "duplicate-flag",
    (records) =>
      change(
        records,
        "ok",
        onAnswerTo(RACED, ({ duplicate, ...ok }) => ok),
      ),
  ],
  [
    "a first send is answered as a retry",
    "duplicate-flag",
    (records) =>
      change(
        records,
        "ok",
        onAnswerTo(LAST, (ok) => ({ ...ok, duplicate: true })),
      ),
  ],
  ["the first id is not there", "gap-in-ids", (records) => everywhere(records, without(FIRST))],
  [
    "a full read comes in another order",
    "duplicate-or-unordered-id",
    (records) =>
      change(
        records,
        "final",
        lastPiece((all) => all.toReversed()),
      ),
  ],
  [
    "a full read has a message twice",
    "duplicate-or-unordered-id",
    (records) =>
      change(
        records,
        "final",
        lastPiece((all) => [...all, ...all.slice(-1)]),
      ),
  ],
  [
    "an event shows an unanswered send that was not stored",
    "phantom-event",
    (records) => {
      const text = JSON.stringify({ id: LOST, n: 8 });
      const place = { subscriber: "s1", connection: 3, room: "r1", msg_id: 12 };
      return [...records, { kind: "event", ...place, id: LOST, text, timestmap: 1 }];
    },
  ],
  [
    "a refused send is stored",
    "aborted-read",
    (records) =>
      change(records, "ok", ({ id }) =>
        id === LAST ? [{ kind: "error" as const, id, code: 100002 }] : undefined,
      ),
  ],
  [
    "a send that was refused twice is stored",
    "aborted-read",
    (records) =>
      records.map((record) =>
        (record.kind === "ok" || record.kind === "unknown") && record.id === RETRIED
          ? { kind: "error" as const, id: RETRIED, code: 100002 }
          : record,
      ),
  ],
  [
    "a message that nobody sent is stored",
    "aborted-read",
    (records) => records.filter((record) => !isOfSend(LAST)(record)),
  ],
  [
    "an event has the id of another message",
    "inconsistent-offset",
    (records) => {
      const text = JSON.stringify({ id: FIRST, n: 0 });
      return change(
        records,
        "event",
        middleEvent((event) => [{ ...event, id: FIRST, text }]),
      );
    },
  ],
  [
    "an answer names the id of another message",
    "inconsistent-offset",
    (records) =>
      change(records, "ok", (ok) => (ok.id === LAST ? [{ ...ok, msg_id: ok.msg_id - 1 }] : undefined)),
  ],
  [
    "the last message to be sent is the third",
    "realtime-order",
    (records) => {
      const isThird = isOfSend("c1.4");
      return [...records.filter((record) => !isThird(record)), ...records.filter(isThird)];
    },
  ],
  [
    "an unanswered send that came last is the fourth",
    "realtime-order",
    (records) => {
      const isFourth = isOfSend(FOURTH);
      const others = records.filter((record) => record.kind !== "unknown" && !isFourth(record));
      return [...others, ...records.filter(isFourth)];
    },
  ],
  [
    "two events change places",
    "nonmonotonic",
    (records) => {
      const events = records.filter((record) => record.kind === "event" && record.subscriber === "s1");
      const [one, two] = events.filter((event) => event.kind === "event" && event.room === "r1");
      const swapped = new Map([
        [one, two],
        [two, one],
      ]);
      return records.map((record) => swapped.get(record) ?? record);
    },
  ],
  [
    "an event comes again",
    "event-twice",
    (records) =>
      change(
        records,
        "event",
        middleEvent((event) => [event, event]),
      ),
  ],
  [
    "an event does not come",
    "poll-skip",
    (records) =>
      change(
        records,
        "event",
        middleEvent(() => []),
      ),
  ],
  [
    "who goes on gets the last one again",
    "event-twice",
    (records) => {
      const last = records.findLast(
        (record) => record.kind === "event" && record.connection === 1 && isOfResumer(record),
      );
      return change(records, "resume", (resume) =>
        resume.connection === 2 ? [resume, { ...(last as Of<"event">), connection: 2 }] : undefined,
      );
    },
  ],
  [
    "who goes on does not get what came meanwhile",
    "unseen",
    (records) =>
      records.filter(
        (record) => !(isOfResumer(record) && record.connection === 2 && stepOf(record) < RECONNECT),
      ),
  ],
  [
    "who goes on gets nothing any more",
    "unseen",
    (records) => records.filter((record) => !(isOfResumer(record) && record.connection === 2)),
  ],
  [
    "who goes on is told that its place is not there",
    "place-lost",
    (records) => [...records, { kind: "astray", subscriber: "s3", room: "r1", after: 7, answer: "{}" }],
  ],
  [
    "a page has a hole",
    "page-gap",
    (records) =>
      change(
        records,
        "page",
        firstPage((page) => ({ ...page, messages: page.messages.toSpliced(1, 1) })),
      ),
  ],
  [
    "a page begins too late",
    "page-start",
    (records) =>
      change(
        records,
        "page",
        firstPage((page) => ({ ...page, messages: page.messages.slice(1) })),
      ),
  ],
  [
    "a page begins too early",
    "page-start",
    (records) =>
      change(
        records,
        "page",
        firstPage((page) => ({ ...page, after: page.after + 1 })),
      ),
  ],
  [
    "a message is older than the one before it",
    "time-decreases",
    (records) =>
      everywhere(records, (message) => [message.id === FOURTH ? { ...message, timestmap: 1 } : message]),
  ],
  [
    "a message appears in another room",
    "cross-room",
    (records) =>
      change(records, "invoke", (send) => (send.id === FOURTH ? [{ ...send, room: "r2" }] : undefined)),
  ],
  [
    "an event has another text",
    "content-changed",
    (records) =>
      change(
        records,
        "event",
        middleEvent((event) => [{ ...event, text: "{}" }]),
      ),
  ],
  [
    "a page has another time",
    "content-changed",
    (records) =>
      change(
        records,
        "page",
        firstPage((page) => ({ ...page, messages: page.messages.map((one) => ({ ...one, timestmap: 7 })) })),
      ),
  ],
  [
    "a body is gone that nobody wanted to be erased",
    "erased-unasked",
    (records) => everywhere(records, (message) => [message.id === LAST ? withoutBody(message) : message]),
  ],
  [
    "a body is gone before its erasure is asked for",
    "erased-unasked",
    (records) =>
      change(records, "event", (event) =>
        event.id === ERASED ? [{ ...event, ...withoutBody(event) }] : undefined,
      ),
  ],
  [
    "a body is gone that was sent after the erasure",
    "erased-unasked",
    (records) =>
      change(records, "event", (event) =>
        event.id === AFTER_ERASURE ? [{ ...event, ...withoutBody(event) }] : undefined,
      ),
  ],
  [
    "an erased body is in the final read",
    "erased-came-back",
    (records) => change(records, "final", (read) => (read.room === "r2" ? [withBody(read)] : undefined)),
  ],
  [
    "an erased body is in a page that was asked for afterwards",
    "erased-came-back",
    (records) => [...records, { ...withBody(lastReadOf(records)), kind: "page", after: 0, erasures: 1 }],
  ],
  [
    "an erased body comes to who goes on afterwards",
    "erased-came-back",
    (records) => {
      const [message] = withBody(lastReadOf(records)).messages as [Seen];
      return [
        ...records,
        { kind: "resume", subscriber: "s4", connection: 1, room: "r2", after: 0 },
        eventTo("s4", 1, "r2", message),
        ...[2, 3].map((id) => eventTo("s4", 1, "r2", lastReadOf(records).messages[id - 1] as Seen)),
      ];
    },
  ],
];

function lastReadOf(records: Records): Of<"final"> {
  return records.findLast(
    (record) => record.kind === "final" && record.room === "r2" && record.messages.length > 0,
  ) as Of<"final">;
}

/** The first message has its body again. */
function withBody(read: Of<"final">): Of<"final"> {
  const [{ erased, ...first }, ...others] = read.messages as [Seen, ...Seen[]];
  return {
    ...read,
    messages: [{ ...first, id: ERASED, text: JSON.stringify({ id: ERASED, n: 1 }) }, ...others],
  };
}

const namesIn = (records: Records) => [...new Set(checkHistory(records).map(({ name }) => name))];

test("a sound history has no anomalies, whatever happened in it", () => {
  const step = fc.record({ room: fc.constantFrom(...rooms), outcome: fc.constantFrom(...outcomes) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (some) => {
      expect(checkHistory(soundHistory(some))).toEqual([]);
    }),
  );
});

describe("a fault is reported under its own name and no other", () => {
  test.each(faults)("%s: %s", (_, name, plant) => {
    const sound = soundHistory(steps);
    expect(namesIn(sound)).toEqual([]);
    expect(namesIn(plant(sound))).toEqual([name]);
  });

  test("there is a fault for every name", () => {
    expect(new Set(faults.map(([, name]) => name))).toEqual(new Set(Object.keys(anomalyTexts)));
  });
});

test("records that contradict themselves are refused", () => {
  const invoke: HistoryRecord = {
    kind: "invoke",
    room: "r1",
    user: "u1",
    client: "c1",
    id: "c1.0",
    text: "{}",
  };
  const unknown: HistoryRecord = { kind: "unknown", id: "c1.0" };
  expect(() => checkHistory([invoke, { ...invoke, room: "r2" }])).toThrow(
    "c1.0 was sent again as something else",
  );
  expect(() => checkHistory([unknown])).toThrow("c1.0 has an outcome");
  expect(() => checkHistory([invoke, unknown, unknown])).toThrow("c1.0 has more outcomes than sends");
});
