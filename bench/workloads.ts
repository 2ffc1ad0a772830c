import type { Shape } from "./load/job.ts";
import type { DataSet } from "./support/fill.ts";

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What operations are, in the plural. */
  readonly unit: string;
  /** It asks something of Roomlog that has no meaning elsewhere. */
  readonly isOwn?: boolean;
  readonly cases: readonly Case[];
}

/** What is measured beside each other in one workload. Cases with the same data share a server. */
export interface Case {
  /** Empty when it is the only one. */
  readonly name: string;
  readonly shape: Shape;
  /** What is in the store beforehand. */
  readonly data?: DataSet;
}

const SMALL = 100;
const READERS = 8;

/** All workloads, or all with a hundredth of the data and sessions, to try the programs. Messages are JSON of 100 bytes. */
export function workloadsOf(size: "whole" | "small"): readonly Workload[] {
  const scaled = (count: number) => (size === "small" ? Math.ceil(count / SMALL) : count);
  return [...loads(), ...stocks(scaled)];
}

function loads(): Workload[] {
  const only = (shape: Shape): Case[] => [{ name: "", shape }];
  return [
    {
      name: "W1",
      title: "one sender, 64 sends in flight, one room",
      unit: "acked sends",
      cases: only({ kind: "senders", senders: 1, rooms: 1, inFlight: 64 }),
    },
    {
      name: "W1b",
      title: "50 senders, 50 rooms, 8 sends in flight each",
      unit: "acked sends",
      cases: only({ kind: "senders", senders: 50, rooms: 50, inFlight: 8 }),
    },
    {
      name: "W1l",
      title: "one sender, one send in flight",
      unit: "acked sends",
      cases: only({ kind: "senders", senders: 1, rooms: 1, inFlight: 1 }),
    },
    {
      name: "W2",
      title: "500 subscribers of one room, 16 messages under way, events answered",
      unit: "deliveries",
      cases: only({ kind: "fanout", subscribers: 500, window: 16 }),
    },
    {
      name: "W2s",
      title: "500 subscribers of one room, one message under way, events answered",
      unit: "deliveries",
      cases: only({ kind: "fanout", subscribers: 500, window: 1 }),
    },
    {
      name: "W3",
      title: "100 subscribers of one room, 50 messages a second whatever comes back",
      unit: "deliveries",
      cases: only({ kind: "paced", subscribers: 100, rate: 50 }),
    },
  ];
}

function stocks(scaled: (count: number) => number): Workload[] {
  const rooms = (count: number): DataSet => ({ prefix: "room", rooms: scaled(count), messages: 1 });
  return [
    {
      name: "W4",
      title: `pages of 50 out of logs of two lengths, ${READERS} readers`,
      unit: "pages",
      cases: [100_000, 1_000_000].flatMap((count) => pagesOf(scaled(count))),
    },
    {
      name: "W5",
      title: "memory of idle sessions, each subscribed to a room",
      unit: "sessions",
      cases: [{ name: "", shape: { kind: "idle", sessions: scaled(5000) } }],
    },
    {
      name: "W6",
      title: "from the start of the process until it is ready",
      unit: "starts",
      isOwn: true,
      cases: [
        { name: "empty", shape: { kind: "restart" } },
        {
          name: "1,000,000 messages in 1,000 rooms",
          shape: { kind: "restart" },
          data: { prefix: "room", rooms: 1000, messages: scaled(1000) },
        },
      ],
    },
    {
      name: "W7",
      title: "one sender, 64 sends in flight, while other rooms exist",
      unit: "acked sends",
      isOwn: true,
      cases: [
        { name: "one of 10 rooms", shape: sendTo(1), data: { prefix: "room", rooms: 10, messages: 1 } },
        ...all(rooms(100_000)),
      ],
    },
  ];
}

function pagesOf(messages: number): Case[] {
  const data: DataSet = { prefix: "log", rooms: 1, messages };
  return (["latest", "random"] as const).map((which) => ({
    name: `${which}, ${messages.toLocaleString("en")}`,
    shape: { kind: "pages", readers: READERS, room: "log-0", messages, which },
    data,
  }));
}

function all(data: DataSet): Case[] {
  const count = data.rooms.toLocaleString("en");
  return [
    { name: `one of ${count} rooms`, shape: sendTo(1), data },
    { name: `each of ${count} rooms in turn`, shape: sendTo(data.rooms), data },
  ];
}

function sendTo(rooms: number): Shape {
  return { kind: "senders", senders: 1, rooms, inFlight: 64 };
}
