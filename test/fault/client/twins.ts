import type { Patch } from "../frame/twins.ts";
import type { Fault } from "./faults.ts";

/** A client with one planted fault. */
export interface ClientTwin {
  readonly patches: readonly Patch[];
  /** What brings it to light. */
  readonly shownBy: Fault;
  /** What the program has to report. */
  readonly found: RegExp;
}

const tail = "tail.ts";
const outbox = "outbox.ts";

/** As changes of its sources. */
export const clientTwins: Readonly<Record<string, ClientTwin>> = {
  /** Takes up what comes after a reconnect, and forgets what was missed. */
  "forgets-its-cursor": {
    patches: [{ file: tail, from: " && since <= this.#last", to: "" }],
    shownBy: "cut",
    found: /iterator gave \d+ in the place of \d+/,
  },
  /** Gives the last message before a reconnect again. */
  "repeats-the-seam": {
    patches: [
      { file: "messages.ts", from: "{ after: tail.last,", to: "{ after: Math.max(0, tail.last - 1)," },
      { file: tail, from: "if (message.msg_id <= this.#last) continue;", to: "" },
    ],
    shownBy: "cut",
    found: /iterator gave \d+ in the place of \d+/,
  },
  /** A send that is repeated is another one. */
  "sends-without-a-name": {
    patches: [{ file: outbox, from: "client_msg_id, epoch: epoch()", to: "epoch: epoch()" }],
    shownBy: "mute",
    found: /stored several times/,
  },
  /** What was under way when the connection was lost is left alone. */
  "gives-sends-up": {
    patches: [
      {
        file: outbox,
        from: "return insist({ gate, settings, signal, call })",
        to: "return gate.pass(signal).then(call)",
      },
    ],
    shownBy: "mute",
    found: /the send of .*OutcomeUnknown/,
  },
  /** Waits for ever for a server that is not there any more. */
  "never-looks": {
    patches: [{ file: "watch.ts", from: "if (isSilent && isAsked)", to: "if (false)" }],
    shownBy: "lose",
    found: /not level/,
  },
};
