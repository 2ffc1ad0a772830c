import { type History, logOf, type Send } from "./arrange.ts";
import type { Anomaly } from "./records.ts";

/** P1: what was acknowledged is there at the end. */
export function* lostAckedWrites(history: History): Generator<Anomaly> {
  for (const { id, room, outcome } of history.sends.values()) {
    if (outcome.kind !== "ok") continue;
    const { byId, placesOf } = logOf(history, room);
    if (byId.has(outcome.msg_id) && placesOf.has(id)) continue;
    const detail = `${id} was acknowledged as ${outcome.msg_id} and is not in the final read`;
    yield { name: "lost-acked-write", room, detail };
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

function faultOf(send: Send | undefined): string | undefined {
  if (!send) return "never sent";
  return send.outcome.kind === "error" ? `refused with ${send.outcome.code}` : undefined;
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
function placeOf(history: History, { id, room, outcome }: Send): number | undefined {
  return outcome.kind === "ok" ? outcome.msg_id : logOf(history, room).placesOf.get(id)?.[0];
}
