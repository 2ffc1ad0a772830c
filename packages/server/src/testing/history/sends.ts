import { agreedId, answersTo, type History, logOf, type Send } from "./arrange.ts";
import type { Anomaly } from "./records.ts";

/** P1: what was acknowledged is there at the end. */
export function* lostAckedWrites(history: History): Generator<Anomaly> {
  for (const send of history.sends.values()) {
    const { id, room } = send;
    const [answer] = answersTo(send);
    if (!answer) continue;
    const { byId, placesOf } = logOf(history, room);
    const msg_id = agreedId(send);
    if (placesOf.has(id) && (msg_id === undefined || byId.has(msg_id))) continue;
    const detail = `${id} was acknowledged as ${answer.msg_id} and is not in the final read`;
    yield { name: "lost-acked-write", room, detail };
  }
}

/** P5: every answer to a send names the same id. */
export function* otherIds({ sends }: History): Generator<Anomaly> {
  for (const send of sends.values()) {
    const ids = new Set(answersTo(send).map(({ msg_id }) => msg_id));
    if (ids.size < 2) continue;
    const detail = `${send.id} was answered as ${[...ids].join(" and ")}`;
    yield { name: "retry-got-other-id", room: send.room, detail };
  }
}

/** M9: a repeated send is answered as one, a first one is not. */
export function* wrongFlags({ sends }: History): Generator<Anomaly> {
  for (const send of sends.values()) {
    const { id, room, times } = send;
    const answers = answersTo(send);
    const firsts = answers.filter(({ duplicate }) => !duplicate).length;
    const name = "duplicate-flag";
    if (firsts > 1) yield { name, room, detail: `${id} was stored first ${firsts} times` };
    if (times === 1 && answers.length > firsts)
      yield { name, room, detail: `${id} was sent once and answered as a retry` };
  }
}

/** P8: an error means that nothing was stored; and nothing is stored that nobody sent. */
export function* abortedReads({ logs, sends }: History): Generator<Anomaly> {
  for (const [room, { messages }] of logs) {
    for (const { msg_id, id } of messages) {
      const fault = faultOf(sends.get(id));
      if (fault) yield { name: "aborted-read", room, detail: `${msg_id} is ${id}, which was ${fault}` };
    }
  }
}

/** A send of which one try was not refused may be there. */
function faultOf(send: Send | undefined): string | undefined {
  if (!send) return "never sent";
  const codes = send.outcomes.filter((outcome) => outcome.kind === "error").map(({ code }) => code);
  return codes.length === send.times ? `refused with ${codes.join(", ")}` : undefined;
}

/** P3: a send that went out after another was acknowledged stands behind it. */
export function* realtimeOrder(history: History): Generator<Anomaly> {
  for (const send of history.sends.values()) {
    const place = placeOf(history, send);
    if (place === undefined || place >= send.floor) continue;
    const detail = `${send.id} is ${place}, but ${send.floor} was acknowledged before it was sent`;
    yield { name: "realtime-order", room: send.room, detail };
  }
}

/** An unanswered send has a place too, when it was stored. */
function placeOf(history: History, send: Send): number | undefined {
  return agreedId(send) ?? logOf(history, send.room).placesOf.get(send.id)?.[0];
}
