import type {
  Astray,
  Event,
  FinalRead,
  HistoryRecord,
  Invoke,
  Ok,
  PageRead,
  Refused,
  Resume,
  Seen,
  Unknown,
} from "./records.ts";

type Outcome = Ok | Refused | Unknown;

/** A send, how often it went out, and what became of that. */
export interface Send extends Invoke {
  /** The greatest id of its room that was acknowledged before it went out first. */
  readonly floor: number;
  /** The line of the history with which it went out first. */
  readonly line: number;
  times: number;
  readonly outcomes: Outcome[];
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
  /** All of them, in their order. */
  readonly lines: readonly HistoryRecord[];
  readonly sends: ReadonlyMap<string, Send>;
  readonly events: readonly Event[];
  readonly resumes: readonly Resume[];
  readonly strays: readonly Astray[];
  readonly pages: readonly PageRead[];
  readonly sightings: readonly Sighting[];
  readonly logs: ReadonlyMap<string, FinalLog>;
}

/** Throws when the records contradict themselves: then nothing can be said about the server. */
export function arrange(given: readonly HistoryRecord[]): History {
  const records = named(given);
  const events = records.filter((record) => record.kind === "event");
  const pages = records.filter((record) => record.kind === "page");
  const finals = records.filter((record) => record.kind === "final");
  return {
    lines: records,
    sends: sendsOf(records),
    events,
    resumes: records.filter((record) => record.kind === "resume"),
    strays: records.filter((record) => record.kind === "astray"),
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

/** What was seen in a line of a history. */
export function seenIn(line: HistoryRecord): readonly Seen[] {
  if (line.kind === "event") return [line];
  return line.kind === "page" || line.kind === "final" ? line.messages : [];
}

/** The final read of a room; empty when there was none. */
export function logOf({ logs }: History, room: string): FinalLog {
  return logs.get(room) ?? finalLog([]);
}

/** The answers to a send. */
export function answersTo({ outcomes }: Send): Ok[] {
  return outcomes.filter((outcome) => outcome.kind === "ok");
}

/** The one id that all answers to a send name; undefined when there is none. */
export function agreedId(send: Send): number | undefined {
  const ids = new Set(answersTo(send).map(({ msg_id }) => msg_id));
  return ids.size === 1 ? [...ids][0] : undefined;
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

/**
 * Messages without a body get the name and the text that they had: an answer says it, or whoever saw them before. One that
 * nobody can name was never sent.
 */
function named(records: readonly HistoryRecord[]): readonly HistoryRecord[] {
  if (!records.some((record) => record.kind === "erase" || seenIn(record).some(({ erased }) => erased)))
    return records;
  const sends = new Map<string, Invoke>();
  const places = new Map<string, Invoke>();
  const put = (msg_id: number, send: Invoke | undefined) => {
    if (send) places.set(placeIn(send.room, msg_id), send);
  };
  for (const record of records) {
    if (record.kind === "invoke") sends.set(record.id, record);
    else if (record.kind === "ok") put(record.msg_id, sends.get(record.id));
    else for (const { msg_id, id } of seenIn(record)) put(msg_id, sends.get(id));
  }
  const nameIn = (room: string) => (message: Seen) => {
    const { id = "", text = "" } = (message.erased && places.get(placeIn(room, message.msg_id))) || message;
    return { ...message, id, text };
  };
  return records.map((record) => {
    if (record.kind === "event") return { ...record, ...nameIn(record.room)(record) };
    if (record.kind !== "page" && record.kind !== "final") return record;
    return { ...record, messages: record.messages.map(nameIn(record.room)) };
  });
}

export function placeIn(room: string, msg_id: number): string {
  return `${msg_id} ${room}`;
}

function sighting({ msg_id, id, text, timestmap }: Seen, room: string, where: string): Sighting {
  return { room, msg_id, id, text, timestmap, where };
}

function sendsOf(records: readonly HistoryRecord[]): Map<string, Send> {
  const sends = new Map<string, Send>();
  const acked = new Map<string, number>();
  for (const [line, record] of records.entries()) {
    if (record.kind === "invoke") {
      const send = sends.get(record.id);
      const floor = acked.get(record.room) ?? 0;
      if (send) repeat(send, record);
      else sends.set(record.id, { ...record, floor, line, times: 1, outcomes: [] });
    } else if (record.kind === "ok" || record.kind === "error" || record.kind === "unknown") {
      const { room } = settle(sends, record);
      if (record.kind === "ok") acked.set(room, Math.max(acked.get(room) ?? 0, record.msg_id));
    }
  }
  return sends;
}

function repeat(send: Send, { id, room, text }: Invoke): void {
  if (send.room !== room || send.text !== text)
    throw new Error(`history: ${id} was sent again as something else`);
  send.times += 1;
}

function settle(sends: ReadonlyMap<string, Send>, outcome: Outcome): Send {
  const send = sends.get(outcome.id);
  if (!send) throw new Error(`history: ${outcome.id} has an outcome and was never sent`);
  if (send.outcomes.length === send.times)
    throw new Error(`history: ${outcome.id} has more outcomes than sends`);
  send.outcomes.push(outcome);
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
