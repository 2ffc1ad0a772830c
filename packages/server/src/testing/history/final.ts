import { type History, holes } from "./arrange.ts";
import type { Anomaly } from "./records.ts";

/** P4: the ids of a room are 1, 2, 3 … */
export function* gapsInIds({ logs }: History): Generator<Anomaly> {
  for (const [room, { ids }] of logs) {
    for (const hole of holes(ids, 1)) yield { name: "gap-in-ids", room, detail: `there is no ${hole}` };
  }
}

/** P4: a full read ascends, each id once. */
export function* unorderedIds({ logs }: History): Generator<Anomaly> {
  for (const [room, { messages }] of logs) {
    let last = 0;
    for (const { msg_id } of messages) {
      if (msg_id <= last)
        yield { name: "duplicate-or-unordered-id", room, detail: `${msg_id} follows ${last}` };
      last = msg_id;
    }
  }
}

/** P5: what was sent once is stored once. */
export function* duplicates({ logs }: History): Generator<Anomaly> {
  for (const [room, { placesOf }] of logs) {
    for (const [id, places] of placesOf) {
      if (places.length > 1) yield { name: "duplicate", room, detail: `${id} is ${places.join(" and ")}` };
    }
  }
}

/** P10: time does not fall as the ids rise. */
export function* fallingTimes({ logs }: History): Generator<Anomaly> {
  for (const [room, { ids, byId }] of logs) {
    let last = 0;
    for (const id of ids) {
      const time = byId.get(id)?.timestmap ?? last;
      if (time < last) yield { name: "time-decreases", room, detail: `${id} is of ${time}, after ${last}` };
      last = time;
    }
  }
}
