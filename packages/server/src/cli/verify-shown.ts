import type { Fault } from "../store/sqlite/verify/fault.ts";
import { exitCodes } from "./exit.ts";
import { howMany, plain, say, sayJson } from "./output.ts";
import type { Progress } from "./progress.ts";

/** Faults that are shown; more are counted. One that goes through the whole file makes many. */
const MOST_SHOWN = 1000;

/** Shows what is wrong, a line each. */
export class Faults {
  readonly #line: Pick<Progress, "end">;
  readonly #json: true | undefined;
  #count = 0;

  constructor(line: Pick<Progress, "end">, json: true | undefined) {
    this.#line = line;
    this.#json = json;
  }

  add(fault: Fault): void {
    this.#line.end();
    this.#count += 1;
    if (this.#count <= MOST_SHOWN) tell(fault, this.#json);
  }
}

function tell(fault: Fault, json: true | undefined): void {
  if (json) return sayJson(fault);
  const { service, room_id, epoch, msg_id, table, what, expected, found } = fault;
  const places = [
    room_id !== undefined && [service, room_id, epoch].filter((name) => name !== undefined).join(" / "),
    table !== undefined && `table ${table}`,
    msg_id !== undefined && `#${msg_id}`,
  ];
  const difference = expected === undefined ? "" : `: expected ${expected}`;
  const instead = found === undefined ? "" : `${difference ? "," : ":"} found ${found}`;
  say(plain([...places.filter(Boolean), `${what}${difference}${instead}`].join("  ")));
}

/** How much was looked at. */
export interface Counted {
  readonly lives: number;
  readonly entries: number;
  readonly faults: number;
  /** Entries that were not shown to who looked. */
  readonly hidden?: number;
}

/** The last line, and the exit code. */
export function conclude(place: string, counted: Counted, json: true | undefined): void {
  const { lives, entries, faults, hidden = 0 } = counted;
  if (faults > 0) process.exitCode = exitCodes.data;
  else if (hidden > 0) process.exitCode = exitCodes.refused;
  if (json) return sayJson(counted);
  const looked = `${howMany(entries, "entry", "entries")} of ${howMany(lives, "log")} ${place}`;
  if (faults === 0 && hidden > 0)
    return say(
      `${looked}: what is shown fits. Not checked: ${howMany(hidden, "entry", "entries")} more, hidden from this user by a right's filter (M17), or withheld from him; he cannot tell which.`,
    );
  if (faults === 0) return say(`${looked}: all is as it was written.`);
  say(
    `${looked}: ${howMany(faults, "fault")}${faults > MOST_SHOWN ? `, of which the first ${MOST_SHOWN} are shown` : ""}.`,
  );
}
