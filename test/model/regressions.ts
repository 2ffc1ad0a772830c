import type { Op, Step } from "./steps.ts";

/** A run begins with ann (0) and bob (1) connected and the room a created, with two messages. */
const asks = (at: number, ...ops: Op[]): Step => ({ kind: "volley", parts: [{ at, ops }] });
const send: Op = { do: "send", room: "a" };
const big: Op = { do: "send", room: "a", body: { size: "big" } };
const create: Op = { do: "create", room: "a" };
const destroy: Op = { do: "destroy", room: "a" };
const join: Op = { do: "join", room: "a", from: {} };
const subscribe: Op = { do: "subscribe", room: "a", from: {} };
const epochs: Op = { do: "epochs", room: "a" };
const page: Op = { do: "get", room: "a", page: {} };
const open: Op = { do: "send", room: "a", body: { open: true } };
const words = (...all: string[]): Op => ({ do: "send", room: "a", body: { words: all } });
const get = (word: string): Op => ({ do: "get", room: "a", page: { search: [{ words: [word] }] } });
/** More than the window. */
const sends = [send, send, send, send, send, send];

/** Runs that failed once; they are run each time. */
export const regressions: readonly { readonly title: string; readonly steps: readonly Step[] }[] = [
  {
    title: "[M10, R4] a member that lags gets the rest of a room that ends",
    steps: [asks(1, join), asks(0, ...sends), asks(0, destroy)],
  },
  {
    title: "[M10] a cursor moved into a new life gets nothing of the old one",
    steps: [
      asks(1, subscribe),
      asks(0, ...sends),
      asks(0, destroy, create, send, send, send),
      asks(1, { do: "subscribe", room: "a", from: { after: 2 } }),
    ],
  },
  {
    title: "[F6] pages that are longer than what may wait for the socket are all answered",
    steps: [asks(0, big, big, big), asks(0, page, page, page)],
  },
  {
    title: "[M13] a cursor that was moved back is told once of what was dropped",
    steps: [
      asks(1, subscribe),
      asks(0, ...sends),
      asks(1, { do: "subscribe", room: "a", from: { after: 4 } }),
      asks(0, { do: "purge", room: "a", before: -1 }),
    ],
  },
  {
    title: "[M10] a refused msglog_subscribe takes away nothing that waits",
    steps: [asks(1, join), asks(0, ...sends), asks(0, destroy), asks(1, subscribe)],
  },
  {
    title: "[E2] a refused msglog_subscribe lets no event through",
    steps: [
      {
        kind: "volley",
        parts: [
          { at: 0, ops: [destroy] },
          { at: 1, ops: [subscribe] },
        ],
      },
    ],
  },
  {
    title: "[R2] a member is told of the end while he subscribes",
    steps: [
      asks(1, join),
      {
        kind: "volley",
        parts: [
          { at: 1, ops: [subscribe, send] },
          { at: 0, ops: [destroy] },
        ],
      },
    ],
  },
  {
    title: "[R4] what a connection was told before the answer to its join is not beyond that answer",
    steps: [
      {
        kind: "volley",
        parts: [
          { at: 1, ops: [create, join] },
          {
            at: 0,
            ops: [{ do: "mute", pattern: "room", room: "b" }, { do: "purge", room: "a", before: 1 }, big],
          },
        ],
      },
    ],
  },
  {
    title: "[M12] a room that ends while its lives are listed has one",
    steps: [
      {
        kind: "volley",
        parts: [
          { at: 1, ops: [epochs, epochs] },
          { at: 0, ops: [destroy, { do: "create", room: "b" }] },
        ],
      },
    ],
  },
  {
    title:
      "[M17, M10] a cursor that moves back under another view misses nothing that the one before passed over",
    steps: [
      asks(1, { ...subscribe, where: "open" }),
      asks(0, open, open, open, open, open, send, { do: "status", room: "a" }, send),
      asks(1, { do: "subscribe", room: "a", from: { after: 7 } }),
    ],
  },
  {
    title: "[M18, M17] what a right's filter hides is not found to go on from",
    steps: [
      { kind: "connect", user: "eve" },
      asks(2, {
        do: "get",
        room: "a",
        page: { search: [{ words: ["rock"] }], order: "rank", rank_after: 0 },
      }),
      asks(2, { do: "get", room: "a", page: { around: 0, limit: 3 } }),
    ],
  },
  {
    title: "[M18, M12] around no message of no room",
    steps: [asks(0, { do: "get", room: "b", page: { around: 0, limit: 1 } })],
  },
  {
    title: "[M24, M12] schemas of a life of a room that never was",
    steps: [
      asks(0, { do: "schemas", room: "b", epoch: "nobody" }, { do: "schemas", room: "b", epoch: "last" }),
    ],
  },
  {
    title: "[M17, M10] what waits when a view ends is not due, and may come",
    steps: [
      asks(0, send, send, { do: "listen", pattern: "everything", room: "a" }),
      asks(
        0,
        { do: "subscribe", room: "a", from: { after: 4 }, where: "padded" },
        { do: "unsubscribe", room: "a" },
      ),
    ],
  },
  {
    title: "[M18, M15] in a log whose first messages are indexed, one is found by what it says now",
    steps: [
      { kind: "fill", room: "a" },
      asks(0, words("stone"), words("roll"), words("ro")),
      asks(0, get("stone"), get("roll"), get("ro")),
      asks(
        0,
        { do: "edit", room: "a", back: 1, body: { words: ["stone"] } },
        { do: "remove", room: "a", back: 3 },
      ),
      asks(0, get("stone"), get("roll"), get("ro")),
      { kind: "erase", user: "ann" },
      asks(0, get("stone"), get("ro")),
    ],
  },
  {
    title:
      "[R4, M10] who joins beside another and goes on in the log is told who is there when it is answered",
    steps: [
      {
        kind: "volley",
        parts: [
          {
            at: 0,
            ops: [
              { do: "join", room: "a", from: { after: "seen" } },
              { do: "purge", room: "b", before: 0 },
            ],
          },
          {
            at: 1,
            ops: [
              { do: "join", room: "a", from: { after: 0, epoch: "living" } },
              { do: "send", room: "a", body: { open: true } },
            ],
          },
        ],
      },
    ],
  },
  {
    title: "[R4, M11] who leaves right behind a message that he cannot take yet does not get it afterwards",
    steps: [
      asks(0, { do: "join", room: "a", from: { after: 2 } }),
      asks(0, { do: "send", room: "a", body: { words: ["rock"] } }),
      {
        kind: "volley",
        parts: [
          {
            at: 0,
            ops: [
              { do: "send", room: "b", body: { option: 1 } },
              { do: "send", room: "a", body: { words: ["rock"], open: true }, name: "k1" },
            ],
          },
          { at: 0, ops: [{ do: "leave", room: "a" }] },
        ],
      },
      { kind: "drain", at: 0 },
    ],
  },
  {
    title:
      "[M10, M17] what a view has passed over comes behind events that waited, when the cursor goes back",
    steps: [
      asks(
        1,
        { do: "subscribe", room: "a", from: { after: 2 }, where: "bare" },
        { do: "listen", pattern: "everything", room: "a" },
      ),
      asks(
        0,
        { do: "send", room: "a", body: { words: ["rock"], open: true }, name: "k1" },
        { do: "send", room: "a", body: { size: "big", words: ["rock"], type: "vote", open: true } },
        { do: "create", room: "b" },
        { do: "schema", room: "a", type: "vote", schema: null },
      ),
      asks(1, { do: "subscribe", room: "a", from: { after: "seen" }, where: "padded" }),
      asks(0, { do: "get", room: "b", page: { after: 0, from_time: 0, order: "asc", refs: true } }),
    ],
  },
];
