import type { FigureName } from "../support/lines.ts";

/** Where the figures below come from: other runs, some on loaded machines. */
export const SOURCE = "measured on a machine of this kind, 2026-11, in runs of their own";

/** A figure of another run: one number, or the lowest and the highest. */
export type Quoted = readonly number[];

export interface Elsewhere {
  readonly name: string;
  readonly figures: Partial<Record<FigureName, Quoted>>;
}

export interface Goal {
  /** The figure that the plot shows. */
  readonly main: FigureName;
  /** What is to be reached: at most, of a rate at least. */
  readonly reach: Partial<Record<FigureName, number>>;
  readonly elsewhere: readonly Elsewhere[];
}

/** By workload. */
export const goals: Readonly<Record<string, Goal>> = {
  W1: {
    main: "cpu_us",
    reach: { cpu_us: 20, per_second: 35_000 },
    elsewhere: [
      { name: "the original, in memory", figures: { cpu_us: [128] } },
      { name: "ejabberd", figures: { cpu_us: [913, 8533] } },
      { name: "Prosody, no fsync", figures: { cpu_us: [430] } },
      { name: "Socket.IO + SQLite", figures: { cpu_us: [200] } },
      { name: "NATS, no fsync", figures: { cpu_us: [27] } },
      { name: "Redis, fsync always", figures: { cpu_us: [11] } },
      { name: "ws and JSON, no store", figures: { cpu_us: [11.6] } },
      { name: "sketch in plain Node", figures: { cpu_us: [29], per_second: [30_000] } },
    ],
  },
  W1b: {
    main: "cpu_us",
    reach: { cpu_us: 18, per_second: 50_000 },
    elsewhere: [
      { name: "ejabberd", figures: { cpu_us: [1119] } },
      { name: "Prosody, no fsync", figures: { cpu_us: [451] } },
      { name: "Socket.IO + SQLite", figures: { cpu_us: [234] } },
      { name: "Redis, fsync always", figures: { cpu_us: [11] } },
      { name: "ws and JSON, no store", figures: { cpu_us: [14.5] } },
      { name: "sketch in plain Node", figures: { cpu_us: [25], per_second: [40_000] } },
    ],
  },
  W1l: { main: "p50_ms", reach: {}, elsewhere: [] },
  W2: {
    main: "cpu_us",
    reach: { cpu_us: 3, per_second: 300_000 },
    elsewhere: [
      { name: "the original", figures: { cpu_us: [97] } },
      { name: "ejabberd", figures: { cpu_us: [92] } },
      { name: "Prosody", figures: { cpu_us: [75] } },
      { name: "Socket.IO, no answers", figures: { cpu_us: [15.6] } },
      { name: "NATS, no answers", figures: { cpu_us: [3] } },
      { name: "shared buffer, no answers", figures: { cpu_us: [1.4] } },
      { name: "sketch in plain Node", figures: { cpu_us: [3.9] } },
    ],
  },
  W2s: {
    main: "cpu_us",
    reach: { cpu_us: 15 },
    elsewhere: [
      { name: "Socket.IO, no answers", figures: { cpu_us: [17] } },
      { name: "NATS, no answers", figures: { cpu_us: [18] } },
      { name: "Redis", figures: { cpu_us: [9.1] } },
      { name: "shared buffer, no answers", figures: { cpu_us: [10.6] } },
      { name: "sketch in plain Node", figures: { cpu_us: [19.6] } },
    ],
  },
  W3: {
    main: "p50_ms",
    reach: { p50_ms: 3, p99_ms: 8 },
    elsewhere: [
      { name: "the original", figures: { p50_ms: [73], p99_ms: [490] } },
      { name: "ejabberd", figures: { p50_ms: [7.8], p99_ms: [13] } },
      { name: "Prosody", figures: { p50_ms: [11.7], p99_ms: [409] } },
      { name: "Socket.IO + SQLite", figures: { p50_ms: [3.3], p99_ms: [7.3] } },
      { name: "NATS", figures: { p50_ms: [1.9], p99_ms: [4.4] } },
      { name: "ws, no store", figures: { p50_ms: [2.2], p99_ms: [4.2] } },
      { name: "sketch in plain Node", figures: { p50_ms: [3.6], p99_ms: [9.9] } },
    ],
  },
  W4: {
    main: "cpu_us",
    reach: { cpu_us: 60 },
    elsewhere: [
      {
        name: "the original: time for a whole log of 10,000",
        figures: { cpu_us: [150_000, 800_000] },
      },
      { name: "ejabberd: time of a query at 100,000", figures: { cpu_us: [18_800] } },
      { name: "Prosody: time of a query", figures: { cpu_us: [10_800] } },
      { name: "Socket.IO + SQLite", figures: { cpu_us: [275] } },
      { name: "NATS", figures: { cpu_us: [402] } },
      { name: "Redis", figures: { cpu_us: [54] } },
      { name: "SQLite group_concat", figures: { cpu_us: [32] } },
      { name: "sketch in plain Node", figures: { cpu_us: [181] } },
    ],
  },
  W5: {
    main: "kib_each",
    reach: { kib_each: 12 },
    elsewhere: [
      { name: "ejabberd", figures: { kib_each: [51, 88] } },
      { name: "Prosody", figures: { kib_each: [67, 126] } },
      { name: "NATS", figures: { kib_each: [21, 26] } },
      { name: "Socket.IO", figures: { kib_each: [18] } },
      { name: "ws", figures: { kib_each: [9, 11] } },
    ],
  },
  W6: { main: "ms_each", reach: { ms_each: 1000 }, elsewhere: [] },
  W7: { main: "cpu_us", reach: {}, elsewhere: [] },
};
