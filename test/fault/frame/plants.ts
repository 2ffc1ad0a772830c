import type { HistoryRecord } from "roomlog/testing";
import type { Random } from "./random.ts";

type Plant = (line: HistoryRecord, random: Random) => readonly HistoryRecord[];

/** Acts on one in `many` lines of a kind. */
function oneIn<K extends HistoryRecord["kind"]>(
  many: number,
  kind: K,
  into: (line: Extract<HistoryRecord, { kind: K }>) => readonly HistoryRecord[],
): Plant {
  return (line, random) =>
    line.kind === kind && random.int(1, many) === 1
      ? into(line as Extract<HistoryRecord, { kind: K }>)
      : [line];
}

/** Faults that a server could have, put into what was recorded: a run with one of them must fail. */
export const plants = {
  none: (line) => [line],
  "drop-event": oneIn(500, "event", () => []),
  "repeat-event": oneIn(500, "event", (line) => [line, line]),
  "stray-event": oneIn(500, "event", (line) => [
    line,
    { ...line, room: line.room === "one" ? "two" : "one" },
  ]),
  "change-text": oneIn(500, "event", (line) => [{ ...line, text: "{}" }]),
  "refuse-stored": oneIn(500, "ok", ({ id }) => [{ kind: "error", id, code: 100002 }]),
  "other-id": oneIn(200, "ok", (line) => [{ ...line, msg_id: line.msg_id + 1 }]),
  "hide-retry": oneIn(5, "ok", ({ duplicate, ...line }) => [line]),
  "shift-page": oneIn(20, "page", (line) => [{ ...line, after: line.after + 1 }]),
  "forget-stored": oneIn(2, "final", (line) => [{ ...line, messages: line.messages.toSpliced(0, 1) }]),
} satisfies Record<string, Plant>;

export type PlantName = keyof typeof plants;

export function isPlant(name: string): name is PlantName {
  return Object.hasOwn(plants, name);
}
