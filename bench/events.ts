/**
 * The cost of one event while many subscriptions of mixed shape exist, by the number of those that match:
 *
 *     node --conditions=source bench/events.ts [--subscriptions 100000]
 *
 * The index looks up at most sixteen patterns, so the cost must follow the matches, not the subscriptions.
 */
import { parseArgs } from "node:util";
import type { Subscriber } from "../packages/server/src/core/delivery.ts";
import { Hub } from "../packages/server/src/core/hub.ts";
import { median } from "./support/numbers.ts";

const MATCHING = [0, 1, 10, 100, 1000];
const EVENTS = 2000;
const ROUNDS = 5;
const ROOMS = 5000;

const { values } = parseArgs({ options: { subscriptions: { type: "string", default: "100000" } } });
const most = Math.min(1_000_000, Math.max(2000, Number(values.subscriptions) || 0));

console.log("µs CPU per event, median of 5 rounds, by subscriptions in all and matching\n");
console.log(["subscriptions", ...MATCHING.map((matching) => `${matching} match`)].map(cell).join(""));
for (const count of [2000, most]) {
  const hub = hubWith(count);
  const costs = MATCHING.map((matching) => median(rounds(() => cpuPerEvent(hub, matching))));
  console.log([count.toLocaleString("en"), ...costs.map((cost) => cost.toFixed(1))].map(cell).join(""));
}

/** A hub in which `matching` subscribers listen to the room `m<matching>`, and all the others to other things. */
function hubWith(count: number): Hub {
  let last = 0;
  const hub = new Hub("bench", () => ++last);
  const subscriber = (): Subscriber => ({
    home: "bench",
    identity: undefined,
    deliver: () => {},
    pass: () => {},
    follow: () => {},
  });
  const inRoom = (obj_id: string) =>
    hub.subscribe(subscriber(), { class: "media", subclass: "room", obj_id });
  let made = 0;
  for (const matching of MATCHING) for (let i = 0; i < matching; i++, made++) inRoom(`m${matching}`);
  for (; made < count; made++) hub.subscribe(subscriber(), mixedPattern(made));
  return hub;
}

/** Patterns of every shape, none of which matches the rooms that are measured. */
function mixedPattern(i: number) {
  const obj_id = `room-${i % ROOMS}`;
  const shapes = [
    { class: "media", subclass: "room", obj_id },
    { class: "media", obj_id },
    { class: "media", subclass: "room", type: "msglog_new_msg", obj_id },
    { class: "media", type: `type-${i % 50}` },
    { class: `app-${i % 100}` },
    { class: "core", subclass: "user_event", obj_id: `user-${i}` },
    { class: "core", subclass: "session_event", obj_id: `session-${i}` },
    { class: "*", type: `any-${i % 50}`, obj_id },
  ];
  return shapes[i % shapes.length] ?? { class: "none" };
}

function cpuPerEvent(hub: Hub, matching: number): number {
  const event = {
    class: "media",
    subclass: "room",
    type: "msglog_new_msg",
    obj_id: `m${matching}`,
    body: { a: 1 },
  };
  const before = process.cpuUsage();
  for (let i = 0; i < EVENTS; i++) hub.publish(event);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / EVENTS;
}

function rounds(measure: () => number): number[] {
  measure();
  return Array.from({ length: ROUNDS }, measure);
}

function cell(text: string): string {
  return text.padStart(15);
}
