import { agreedId, type Claim, type History, logOf, type Send } from "./arrange.ts";
import type { Anomaly } from "./records.ts";

/** P2: what one client has seen, no restart takes back. */
export function* phantoms(history: History): Generator<Anomaly> {
  for (const { room, msg_id, id, where } of history.sightings) {
    const { byId, placesOf } = logOf(history, room);
    if (byId.has(msg_id) && placesOf.has(id)) continue;
    const detail = `${msg_id} (${id}) was in an earlier ${where} and is not in the final read`;
    yield { name: "phantom-event", room, detail };
  }
}

/** P3: everybody finds the same message under an id. */
export function* inconsistentOffsets({ sends, sightings }: History): Generator<Anomaly> {
  const first = new Map<string, Claim>();
  for (const claim of [...acknowledgements(sends), ...sightings]) {
    const { room, msg_id, id, where } = claim;
    const known = rememberFirst(first, `${msg_id} ${room}`, claim);
    if (known.id === id) continue;
    const detail = `${msg_id} is ${known.id} (${known.where}) and ${id} (${where})`;
    yield { name: "inconsistent-offset", room, detail };
  }
}

/** P12: a message is seen in the room it was sent to, and in no other. */
export function* strays({ sends, sightings }: History): Generator<Anomaly> {
  for (const { room, msg_id, id, where } of sightings) {
    const target = sends.get(id)?.room ?? room;
    if (target !== room)
      yield { name: "cross-room", room, detail: `${msg_id} (${where}) is ${id}, sent to ${target}` };
  }
}

/** P13: what was sent is what is seen. */
export function* changedTexts({ sends, sightings }: History): Generator<Anomaly> {
  for (const { room, msg_id, id, text, where } of sightings) {
    const sent = sends.get(id)?.text ?? text;
    if (sent !== text)
      yield { name: "content-changed", room, detail: `${msg_id} (${where}) is ${text}, sent as ${sent}` };
  }
}

/** P4: nor does its time change. */
export function* changedTimes({ sightings }: History): Generator<Anomaly> {
  const first = new Map<string, number>();
  for (const { room, msg_id, id, timestmap, where } of sightings) {
    const known = rememberFirst(first, `${msg_id} ${id} ${room}`, timestmap);
    if (known !== timestmap)
      yield { name: "content-changed", room, detail: `${msg_id} (${where}) is of ${timestmap} and ${known}` };
  }
}

function* acknowledgements(sends: ReadonlyMap<string, Send>): Generator<Claim> {
  for (const send of sends.values()) {
    const msg_id = agreedId(send);
    if (msg_id !== undefined)
      yield { room: send.room, msg_id, id: send.id, where: `answer to ${send.client}` };
  }
}

function rememberFirst<T>(first: Map<string, T>, key: string, value: T): T {
  const known = first.get(key) ?? value;
  first.set(key, known);
  return known;
}
