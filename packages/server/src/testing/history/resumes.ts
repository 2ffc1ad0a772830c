import { type History, logOf } from "./arrange.ts";
import type { Anomaly, Event, Resume } from "./records.ts";

/** What a subscriber that goes on where it had stopped got of a room. */
interface Way {
  readonly who: string;
  readonly room: string;
  /** The first one; the log behind it is what has to be seen. */
  readonly start: number;
  readonly events: readonly Event[];
}

/** P7: nothing has been dropped, so every place in a log is there for good. */
export function* placesLost({ strays }: History): Generator<Anomaly> {
  for (const { subscriber, room, after, answer } of strays)
    yield { name: "place-lost", room, detail: `${subscriber}, behind ${after}: ${answer}` };
}

/** P7: what lies at or before the place where a connection goes on does not come again. */
export function* comeAgain({ events, resumes }: History): Generator<Anomaly> {
  const places = new Map(resumes.map((resume) => [connectionOf(resume), resume.after]));
  for (const event of events) {
    const { room, msg_id } = event;
    const after = places.get(connectionOf(event)) ?? 0;
    if (msg_id > after) continue;
    const detail = `${connectionOf(event)}: ${msg_id} again, behind ${after}`;
    yield { name: "event-twice", room, detail };
  }
}

/** P7: over all its connections a subscriber sees the whole log; a hole inside one of them is a `poll-skip`. */
export function* unseen(history: History): Generator<Anomaly> {
  for (const { who, room, start, events } of waysOf(history)) {
    const covered = coveredIds(events);
    const known = new Set(events.map(({ id }) => id));
    const missing = logOf(history, room).messages.filter(
      ({ msg_id, id }) => msg_id > start && !covered.has(msg_id) && !known.has(id),
    );
    if (missing.length === 0) continue;
    const detail = `${who}: ${missing.length} messages never came, the first of them ${missing[0]?.msg_id}`;
    yield { name: "unseen", room, detail };
  }
}

function* waysOf({ events, resumes }: History): Generator<Way> {
  const ways = Map.groupBy(resumes, ({ subscriber, room }) => `${subscriber}, ${room}`);
  for (const [who, [first]] of ways) {
    if (!first) continue;
    const { subscriber, room, after } = first;
    const own = events.filter((event) => event.subscriber === subscriber && event.room === room);
    yield { who, room, start: after, events: own };
  }
}

/** From the least to the greatest of each connection. */
function coveredIds(events: readonly Event[]): Set<number> {
  const covered = new Set<number>();
  for (const run of Map.groupBy(events, ({ connection }) => connection).values()) {
    const ids = run.map(({ msg_id }) => msg_id);
    const last = ids.reduce((a, b) => Math.max(a, b), 0);
    for (let id = ids.reduce((a, b) => Math.min(a, b)); id <= last; id++) covered.add(id);
  }
  return covered;
}

function connectionOf({ subscriber, connection, room }: Resume | Event): string {
  return `${subscriber}, connection ${connection}, ${room}`;
}
