import type { History } from "./arrange.ts";
import type { Anomaly, PageRead } from "./records.ts";

/** P7: a page is the run of the log that begins behind `after`. */
export function* brokenPages({ pages }: History): Generator<Anomaly> {
  for (const page of pages) {
    const first = page.messages[0]?.msg_id;
    if (first !== undefined && first !== page.after + 1)
      yield { name: "page-start", room: page.room, detail: `${first} follows ${page.after}` };
    yield* brokenPage(page);
  }
}

function* brokenPage({ room, after, messages }: PageRead): Generator<Anomaly> {
  let last = (messages[0]?.msg_id ?? 1) - 1;
  for (const { msg_id } of messages) {
    if (msg_id !== last + 1)
      yield { name: "page-gap", room, detail: `page after ${after}: ${msg_id} follows ${last}` };
    last = msg_id;
  }
}
