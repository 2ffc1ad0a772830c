import type { Clock, DeadLetter, Deliveries, Service } from "../../core/plugin.ts";
import type { Lane } from "./lane.ts";

/** What a webhook works with. */
export interface Surroundings {
  readonly service: Service;
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** Has a lane written down soon, together with others. */
  readonly keepLater: (lane: Lane) => void;
  /** Something has become a dead letter. */
  readonly gaveUp: (letter: Omit<DeadLetter, "letter" | "service" | "at">) => void;
}
