import type {
  Event,
  FinalRead,
  HistoryRecord,
  Invoke,
  Ok,
  PageRead,
  Refused,
  Seen,
  Unknown,
} from "./records.ts";

/** A send and what became of it. */
export interface Send extends Invoke {
  /** The greatest id of its room that was acknowledged before it went out. */
  readonly floor: number;
  outcome: Ok | Refused | Unknown;
}

/** Somebody said that an id belongs to a send. */
export interface Claim {
  readonly room: string;
  readonly msg_id: number;
  readonly id: string;
  readonly where: string;
}

/** A message seen in an event, a page or the final read. */
interface Sighting extends Claim, Seen {}

/** The final read of a room. */
export interface FinalLog {
  /** As read. */
  readonly messages: readonly Seen[];
  /** In ascending order, each once. */
  readonly ids: readonly number[];
  readonly byId: ReadonlyMap<number, Seen>;
  /** The ids under which the message of a send is stored. */
  readonly placesOf: ReadonlyMap<string, readonly number[]>;
}

/** The records of a history, sorted by what the checks ask for. */
export interface History {
  readonly sends: ReadonlyMap<string, Send>;
  readonly events: readonly Event[];
  readonly pages: readonly PageRead[];
  readonly sightings: readonly Sighting[];
  readonly logs: ReadonlyMap<string, FinalLog>;
}

/** Throws when the records contradict themselves: then nothing can be said about the server. */
export function arrange(records: readonly HistoryRecord[]): History {
  const events = records.filter((record) => record.kind === "event");
  const pages = records.filter((record) => record.kind === "page");
  const finals = records.filter((record) => record.kind === "final");
  return {
    sends: sendsOf(records),
    events,
    pages,
    sightings: [
      ...events.map((event) => sighting(event, event.room, `event to ${event.subscriber}`)),
      ...pages.flatMap(({ room, after, messages }) =>
        messages.map((message) => sighting(message, room, `page after ${after}`)),
      ),
      ...finals.flatMap(({ room, messages }) =>
        messages.map((message) => sighting(message, room, "final read")),
      ),
    ],
    logs: logsOf(finals),
  };
}

/** The final read of a room; empty when there was none. */
export function logOf({ logs }: History, room: string): FinalLog {
  return logs.get(room) ?? finalLog([]);
}

/** Ascending, each number once. */
export function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** The ranges that are missing in `ids` (ascending) from `first` on, in words. */
export function* holes(ids: readonly number[], first = ids[0] ?? 0): Generator<string> {
  let next = first;
  for (const id of ids) {
    if (id > next) yield id === next + 1 ? `${next}` : `${next} to ${id - 1}`;
    next = id + 1;
  }
}

function sighting({ msg_id, id, text, timestmap }: Seen, room: string, where: string): Sighting {
  return { room, msg_id, id, text, timestmap, where };
}

function sendsOf(records: readonly HistoryRecord[]): Map<string, Send> {
  const sends = new Map<string, Send>();
  const acked = new Map<string, number>();
  for (const record of records) {
    if (record.kind === "invoke") {
      if (sends.has(record.id)) throw new Error(`history: ${record.id} was sent twice`);
      const floor = acked.get(record.room) ?? 0;
      sends.set(record.id, { ...record, floor, outcome: { kind: "unknown", id: record.id } });
    } else if (record.kind === "ok" || record.kind === "error" || record.kind === "unknown") {
      const { room } = settle(sends, record);
      if (record.kind === "ok") acked.set(room, Math.max(acked.get(room) ?? 0, record.msg_id));
    }
  }
  return sends;
}

function settle(sends: ReadonlyMap<string, Send>, outcome: Send["outcome"]): Send {
  const send = sends.get(outcome.id);
  if (!send) throw new Error(`history: ${outcome.id} has an outcome and was never sent`);
  send.outcome = outcome;
  return send;
}

function logsOf(finals: readonly FinalRead[]): Map<string, FinalLog> {
  const rooms = Map.groupBy(finals, ({ room }) => room);
  return new Map(
    [...rooms].map(([room, pieces]) => [room, finalLog(pieces.flatMap(({ messages }) => messages))]),
  );
}

function finalLog(messages: readonly Seen[]): FinalLog {
  const byId = new Map(messages.map((message) => [message.msg_id, message]));
  const places = Map.groupBy(messages, ({ id }) => id);
  return {
    messages,
    ids: ascending(byId.keys()),
    byId,
    placesOf: new Map([...places].map(([id, all]) => [id, ascending(all.map(({ msg_id }) => msg_id))])),
  };
}
