import { type History, placeIn, type Send, seenIn } from "./arrange.ts";
import type { Anomaly, Event, HistoryRecord, Resume, Seen } from "./records.ts";

/** An erasure, by lines of the history. */
interface Span {
  readonly asked: number;
  over: number;
}

/** M21: a body goes only while its user's erasure runs, of a message that was sent before the end of that. */
export function* erasedUnasked({ lines, sends }: History): Generator<Anomaly> {
  const spans = spansOf(lines);
  for (const [line, record] of lines.entries()) {
    for (const { msg_id, id, erased } of seenIn(record)) {
      const send = sends.get(id);
      if (!erased || !send || isAsked(spans.get(send.user), send, line)) continue;
      yield { name: "erased-unasked", room: send.room, detail: `${msg_id} (${id}) has no body any more` };
    }
  }
}

function isAsked(spans: readonly Span[] = [], send: Send, line: number): boolean {
  return spans.some(({ asked, over }) => asked < line && send.line < over);
}

function spansOf(lines: readonly HistoryRecord[]): Map<string, Span[]> {
  const spans = new Map<string, Span[]>();
  for (const [line, record] of lines.entries()) {
    if (record.kind === "erase")
      spans.set(record.user, [
        ...(spans.get(record.user) ?? []),
        { asked: line, over: Number.POSITIVE_INFINITY },
      ]);
    const last = record.kind === "erased" && spans.get(record.user)?.at(-1);
    if (last) last.over = line;
  }
  return spans;
}

/** M21: what was stored before an erasure was asked for is never read again once that is complete. */
export function* cameBack({ lines, sends }: History): Generator<Anomaly> {
  const gone = new Gone();
  for (const line of lines) {
    const room = "room" in line ? line.room : "";
    const bound = gone.boundOf(line);
    for (const { msg_id, id, erased } of seenIn(line)) {
      if (!erased && gone.by(room, msg_id) <= bound)
        yield { name: "erased-came-back", room, detail: `${msg_id} (${id}), in ${line.kind}` };
    }
    gone.note(line, sends);
  }
}

/** Which messages are gone by which complete erasure: the first, the second … */
class Gone {
  readonly #known = new Set<string>();
  /** Places of messages that are known to be stored, by user. */
  readonly #stored = new Map<string, string[]>();
  /** How many of these there were when an erasure was asked for. */
  readonly #asked = new Map<string, number>();
  readonly #gone = new Map<string, number>();
  /** How many erasures were complete when a connection went on. */
  readonly #resumed = new Map<string, number>();
  #complete = 0;

  by(room: string, msg_id: number): number {
    return this.#gone.get(placeIn(room, msg_id)) ?? Number.POSITIVE_INFINITY;
  }

  /** What a line shows was read when so many erasures were complete. Events may have been under way for a while. */
  boundOf(line: HistoryRecord): number {
    if (line.kind === "final") return this.#complete;
    if (line.kind === "page") return line.erasures ?? 0;
    return line.kind === "event" ? (this.#resumed.get(connectionOf(line)) ?? 0) : 0;
  }

  note(line: HistoryRecord, sends: History["sends"]): void {
    if (line.kind === "resume") this.#resumed.set(connectionOf(line), this.#complete);
    else if (line.kind === "ok") this.#store(sends.get(line.id), line.msg_id);
    else if (line.kind === "erase") this.#asked.set(line.user, this.#stored.get(line.user)?.length ?? 0);
    else if (line.kind === "erased") this.#end(line.user, line.complete);
    else for (const { id, msg_id } of seenIn(line) as readonly Seen[]) this.#store(sends.get(id), msg_id);
  }

  #store(send: Send | undefined, msg_id: number): void {
    if (!send) return;
    const place = placeIn(send.room, msg_id);
    if (this.#known.has(place)) return;
    this.#known.add(place);
    const stored = this.#stored.get(send.user) ?? [];
    stored.push(place);
    this.#stored.set(send.user, stored);
  }

  #end(user: string, complete: boolean): void {
    if (!complete) return;
    this.#complete += 1;
    const taken = this.#stored.get(user)?.splice(0, this.#asked.get(user) ?? 0) ?? [];
    for (const place of taken) this.#gone.set(place, this.#complete);
  }
}

function connectionOf({ subscriber, connection, room }: Resume | Event): string {
  return `${subscriber}, connection ${connection}, ${room}`;
}
