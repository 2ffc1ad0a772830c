/** A point in time as people write it. */
export interface Moment {
  /** `2026-11-26` */
  readonly day: string;
  /** `14:00:00` */
  readonly clock: string;
}

/** Days and times of a time zone. */
export class Calendar {
  readonly zone: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #heading = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" });
  #second = Number.NaN;
  #moment: Moment = { day: "", clock: "" };

  /** Throws a `RangeError` for a zone that is not known; they are called as in `Europe/Berlin`. */
  constructor(zone: string) {
    // Swedes write dates as ISO does.
    this.#format = new Intl.DateTimeFormat("sv-SE", {
      dateStyle: "short",
      timeStyle: "medium",
      timeZone: zone,
    });
    this.zone = zone;
  }

  /** `time`: µs since 1970. Messages of one second share the work. */
  at(time: number): Moment {
    const second = Math.floor(time / 1_000_000);
    if (second === this.#second) return this.#moment;
    const [day = "", clock = ""] = this.#format.format(second * 1000).split(" ");
    this.#second = second;
    this.#moment = { day, clock };
    return this.#moment;
  }

  /** `2026-11-26` → `Thursday, 26 November 2026` */
  heading(day: string): string {
    return this.#heading.format(new Date(`${day}T00:00:00Z`));
  }
}

/** µs since 1970 → ISO 8601 */
export function isoTime(time: number): string {
  return new Date(time / 1000).toISOString();
}

/** Whether the calendar has the day that a text begins with, `2026-02-30` it has not; `Date.parse` would take the next. */
export function hasDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{1,2})-(\d{1,2})/.exec(text) ?? [];
  return (
    day === undefined ||
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  );
}

/** Whether a log can ask for a time: µs since 1970, which a number holds exactly until 2255. */
export function isTime(time: number): boolean {
  return Number.isSafeInteger(time) && time >= 0;
}
