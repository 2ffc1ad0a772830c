import * as fc from "fast-check";
import {
  type BodyChoice,
  type EpochChoice,
  type FromChoice,
  filterNames,
  type Op,
  type PageChoice,
  type Part,
  patternNames,
  roomNames,
  type SchemaChoice,
  type SoughtChoice,
  type Step,
  typeNames,
  userNames,
} from "./steps.ts";
import { soughtWords, vocabulary } from "./words.ts";

/** Mostly the first room, so that things meet. */
const room = weighted([4, fc.constant(roomNames[0])], [1, fc.constant(roomNames[1])]);
const epoch = fc.constantFrom<EpochChoice>("living", "ended", "last", "nobody");
const back = fc.integer({ min: -2, max: 12 });

const from: fc.Arbitrary<FromChoice> = weighted<FromChoice>(
  [2, fc.constant({})],
  [2, fc.constant({ after: "seen" })],
  [4, fc.record({ after: back })],
  [2, fc.record({ after: back, epoch })],
);

const filter = fc.constantFrom(...filterNames);

/** Mostly what begins many words. */
const soughtWord = weighted([2, fc.constantFrom("ro", "rock")], [1, fc.constantFrom(...soughtWords)]);
const sought: fc.Arbitrary<SoughtChoice> = merged(
  fc.record({ words: weighted([5, soughtWord.map((one) => [one])], [1, fc.tuple(soughtWord, soughtWord)]) }),
  sometimes("begun", 2, fc.constant(true)),
);
const search = weighted([4, sought.map((one) => [one])], [1, fc.tuple(sought, sought)]);
/** Not farther than most logs are long. */
const near = fc.integer({ min: -1, max: 4 });

/** Where it may begin and end, and what it may say; the same for all pages. */
const anyPage: fc.Arbitrary<PageChoice> = merged(
  sometimes("after", 3, back),
  sometimes("before", 4, back),
  sometimes("from_time", 8, back),
  sometimes("to_time", 8, back),
  sometimes("limit", 2, fc.integer({ min: 1, max: 14 })),
  sometimes("order", 2, fc.constantFrom("asc", "desc")),
  sometimes("user", 6, fc.constantFrom(...userNames)),
  sometimes("own", 8, fc.constant(true)),
  sometimes("where", 3, filter),
  sometimes("epoch", 3, epoch),
  sometimes("ref", 6, back),
  sometimes("refs", 6, fc.constant(true)),
  sometimes("versions", 6, fc.constant(true)),
);

/** What is found is mostly what was said: few other bounds. */
const searchPage: fc.Arbitrary<PageChoice> = merged(
  fc.record({ search }),
  sometimes("after", 10, near),
  sometimes("before", 4, near),
  sometimes("limit", 2, fc.integer({ min: 1, max: 3 })),
  sometimes("order", 3, fc.constant("asc")),
  sometimes("rank_after", 40, near),
  sometimes("user", 10, fc.constantFrom(...userNames)),
  sometimes("where", 5, filter),
  sometimes("epoch", 10, epoch),
);
const rankPage: fc.Arbitrary<PageChoice> = merged(
  fc.record({ search, order: fc.constant("rank") }),
  sometimes("limit", 2, fc.integer({ min: 1, max: 3 })),
  sometimes("rank_after", 3, near),
  sometimes("around", 40, near),
  sometimes("where", 5, filter),
  sometimes("epoch", 10, epoch),
);
const aroundPage: fc.Arbitrary<PageChoice> = merged(
  fc.record({ around: near, limit: fc.integer({ min: 1, max: 6 }) }),
  sometimes("search", 2, search),
  sometimes("order", 3, fc.constantFrom("asc", "desc")),
  sometimes("where", 3, filter),
  sometimes("epoch", 10, epoch),
);
const page = weighted([8, anyPage], [7, searchPage], [3, rankPage], [3, aroundPage]);

const words = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 4 });
const option = fc.constantFrom<number | string>(1, 2, 3, 6, "two");
const body: fc.Arbitrary<BodyChoice> = merged(
  sometimes("size", 5, weighted([5, fc.constant("big")], [1, fc.constant("too_big")])),
  mostly("words", 4, words),
  sometimes("deep", 6, fc.constant(true)),
  sometimes("type", 2, fc.constantFrom(...typeNames)),
  mostly("option", 2, option),
  sometimes("open", 2, fc.constant(true)),
);

const schema: fc.Arbitrary<SchemaChoice> = merged(
  fc.record({ is: fc.constantFrom("integer", "string", "two or more", "one or three", "absent") }),
  sometimes("needed", 2, fc.constant(true)),
);

const send: fc.Arbitrary<Op> = merged(
  fc.record({ do: fc.constant("send"), room, body }),
  sometimes("name", 2, fc.constantFrom("k1", "k2")),
  sometimes("epoch", 10, epoch),
  sometimes("ref", 4, back),
  sometimes("mention", 5, fc.constantFrom(...userNames)),
);

const mark: fc.Arbitrary<Op> = merged(
  fc.record({ do: fc.constant("mark"), room, back: fc.integer({ min: -1, max: 5 }) }),
  sometimes("epoch", 8, epoch),
);

const change: fc.Arbitrary<Op> = merged(
  fc.record({
    do: fc.constantFrom("edit", "edit", "remove"),
    room,
    back: fc.integer({ min: -1, max: 8 }),
    body,
  }),
  sometimes("name", 4, fc.constantFrom("k1", "k2")),
  sometimes("epoch", 10, epoch),
);

const answer: fc.Arbitrary<Op> = merged(
  fc.record({
    do: fc.constant("answer"),
    count: weighted([2, fc.constant(9)], [3, fc.integer({ min: 1, max: 4 })]),
  }),
  sometimes("newest", 4, fc.constant(true)),
);

const purge: fc.Arbitrary<Op> = merged(
  fc.record({ do: fc.constant("purge"), room }),
  sometimes("before", 1, back),
  sometimes("epoch", 4, epoch),
  sometimes("dry", 6, fc.constant(true)),
);

const pattern = fc.constantFrom(...patternNames);
const plain = (...kinds: ("unsubscribe" | "leave" | "create" | "destroy" | "status" | "typing")[]) =>
  fc.record({ do: fc.constantFrom(...kinds), room });

const op: fc.Arbitrary<Op> = weighted<Op>(
  [30, send],
  [12, change],
  [8, mark],
  [2, fc.record({ do: fc.constant("marks"), room })],
  [6, fc.record({ do: fc.constant("unread"), room })],
  [14, answer],
  [14, merged<Op>(fc.record({ do: fc.constant("subscribe"), room, from }), sometimes("where", 2, filter))],
  [20, fc.record({ do: fc.constant("get"), room, page })],
  [
    7,
    fc.record({
      do: fc.constant("schema"),
      room,
      type: fc.constantFrom(...typeNames),
      schema: weighted<SchemaChoice | null>([4, schema], [1, fc.constant(null)]),
    }),
  ],
  [
    2,
    merged<Op>(
      fc.record({ do: fc.constant("schemas"), room }),
      sometimes("versions", 2, fc.constant(true)),
      sometimes("type", 3, fc.constantFrom(...typeNames)),
      sometimes("epoch", 3, epoch),
    ),
  ],
  [6, fc.record({ do: fc.constant("listen"), pattern, room })],
  [4, fc.record({ do: fc.constant("mute"), pattern, room })],
  [4, fc.record({ do: fc.constant("join"), room, from })],
  [6, plain("create")],
  [4, plain("destroy")],
  [4, plain("unsubscribe")],
  [2, plain("leave")],
  [3, plain("status", "typing")],
  [5, purge],
  [
    2,
    merged<Op>(
      fc.record({ do: fc.constant("retain"), room }),
      sometimes("messages", 1, fc.integer({ min: 1, max: 6 })),
    ),
  ],
  [2, fc.record({ do: fc.constant("hold"), room, on: fc.boolean() })],
  [2, merged<Op>(fc.record({ do: fc.constant("info"), room }), sometimes("epoch", 2, epoch))],
  [
    2,
    merged<Op>(
      fc.record({ do: fc.constant("epochs"), room }),
      sometimes("before", 3, epoch),
      sometimes("limit", 3, fc.integer({ min: 1, max: 2 })),
    ),
  ],
  [1, fc.constant<Op>({ do: "ack" })],
);

const at = fc.nat({ max: 2 });
const part = (maxLength: number): fc.Arbitrary<Part> =>
  fc.record({ at, ops: fc.array(op, { minLength: 1, maxLength }) });
const alone = weighted([3, part(1)], [2, part(5)]).map((one) => [one]);
/** Several connections: few frames each, since every order of them is looked at. */
const together = fc
  .tuple(part(3), fc.option(part(3), { freq: 8 }), fc.option(part(2), { freq: 1 }))
  .map((all) => all.filter((one) => one !== null));
const cut = fc.constantFrom("close", "destroy");

/** A step of a run. */
export const step: fc.Arbitrary<Step> = weighted<Step>(
  [240, fc.record({ kind: fc.constant("volley"), parts: alone })],
  [64, fc.record({ kind: fc.constant("volley"), parts: together })],
  [12, fc.record({ kind: fc.constant("volley"), parts: weighted([1, alone], [1, together]), cut })],
  [
    32,
    merged<Step>(
      fc.record({ kind: fc.constant("connect"), user: fc.constantFrom(...userNames) }),
      sometimes("again", 3, fc.constant(true)),
    ),
  ],
  [24, fc.record({ kind: fc.constant("drain"), at })],
  [12, fc.record({ kind: fc.constant("drop"), at, how: cut })],
  [12, fc.record({ kind: fc.constant("pause"), at })],
  [16, fc.constant<Step>({ kind: "resume" })],
  [8, fc.record({ kind: fc.constant("tick"), seconds: fc.integer({ min: 1, max: 3 }) })],
  [10, fc.record({ kind: fc.constant("fill"), room })],
  [3, fc.record({ kind: fc.constant("erase"), user: fc.constantFrom(...userNames) })],
  [
    1,
    merged<Step>(
      fc.record({
        kind: fc.constant("restart"),
        parts: weighted<Part[]>([1, fc.constant([])], [1, alone], [1, together]),
        turns: fc.nat({ max: 4 }),
      }),
      sometimes("alone", 3, fc.constant(true)),
    ),
  ],
);

function weighted<T>(...choices: (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** An object with the field in one of `many` cases, and without it in the others. */
function sometimes(key: string, many: number, value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const there = value.map((one) => ({ [key]: one }));
  return weighted([many - 1, fc.constant({})], [1, there]);
}

/** An object with the field in `few` cases of one without it. */
function mostly(key: string, few: number, value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const there = value.map((one) => ({ [key]: one }));
  return weighted([1, fc.constant({})], [few, there]);
}

/** The fields of all of them; which those of `T` are. */
function merged<T>(...parts: fc.Arbitrary<object>[]): fc.Arbitrary<T> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as T);
}
