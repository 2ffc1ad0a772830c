import { ascending, type History, holes } from "./arrange.ts";
import type { Anomaly, Event } from "./records.ts";

/** P6: the events of a room are, for one connection, a run of its log: ascending, each once, without a hole. */
export function* brokenRuns({ events }: History): Generator<Anomaly> {
  const runs = Map.groupBy(
    events,
    ({ subscriber, connection, room }) => `${subscriber}, connection ${connection}, ${room}`,
  );
  for (const [who, run] of runs) {
    yield* outOfTurn(who, run);
    yield* skipped(who, run);
  }
}

/** An event is one or the other: one that comes again is not also late. */
function* outOfTurn(who: string, run: readonly Event[]): Generator<Anomaly> {
  const seen = new Set<number>();
  let last = 0;
  for (const { msg_id, room } of run) {
    if (seen.has(msg_id)) yield { name: "event-twice", room, detail: `${who}: ${msg_id} again` };
    else if (msg_id < last) yield { name: "nonmonotonic", room, detail: `${who}: ${msg_id} after ${last}` };
    seen.add(msg_id);
    last = msg_id;
  }
}

/** A run begins wherever the subscription did. */
function* skipped(who: string, run: readonly Event[]): Generator<Anomaly> {
  const room = run[0]?.room ?? "";
  const ids = ascending(run.map(({ msg_id }) => msg_id));
  for (const hole of holes(ids)) yield { name: "poll-skip", room, detail: `${who}: ${hole} did not come` };
}
