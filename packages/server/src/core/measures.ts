/** A number that `/metrics` shows (O3). It is asked for then, and costs nothing in between. */
export interface Measure {
  /** `roomlog_…`; that of a counter ends in `_total`, units are seconds and bytes. */
  readonly name: string;
  /** A counter never falls while the server runs. */
  readonly kind: "counter" | "gauge";
  readonly help: string;
  /** With it there is a number for each value of this label. There must be few, and none a room, a user or an address. */
  readonly label?: string;
  read(): number | ReadonlyMap<string | number, number>;
}

const measureOf =
  (kind: Measure["kind"]) =>
  (name: string, help: string, read: Measure["read"], label?: string): Measure => ({
    name,
    kind,
    help,
    read,
    ...(label !== undefined && { label }),
  });

/** What goes up and down. */
export const gauge = measureOf("gauge");

/** What only grows. */
export const counter = measureOf("counter");
