import type { Shape } from "./load/job.ts";

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What operations are, in the plural. */
  readonly unit: string;
  readonly shape: Shape;
}

/** Messages are JSON of 100 bytes. */
export const workloads: readonly Workload[] = [
  {
    name: "W1",
    title: "one sender, 64 sends in flight, one room",
    unit: "acked sends",
    shape: { kind: "senders", senders: 1, rooms: 1, inFlight: 64 },
  },
  {
    name: "W1b",
    title: "50 senders, 50 rooms, 8 sends in flight each",
    unit: "acked sends",
    shape: { kind: "senders", senders: 50, rooms: 50, inFlight: 8 },
  },
  {
    name: "W2",
    title: "500 subscribers of one room, 16 messages under way, events answered",
    unit: "deliveries",
    shape: { kind: "fanout", subscribers: 500, window: 16 },
  },
  {
    name: "W2s",
    title: "500 subscribers of one room, one message under way, events answered",
    unit: "deliveries",
    shape: { kind: "fanout", subscribers: 500, window: 1 },
  },
  {
    name: "W3",
    title: "100 subscribers of one room, 50 messages a second whatever comes back",
    unit: "deliveries",
    shape: { kind: "paced", subscribers: 100, rate: 50 },
  },
];
