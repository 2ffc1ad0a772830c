/** A name of a send is known for at least this long (M9), µs. */
export const NAMES_US = 24 * 3600 * 1_000_000;
