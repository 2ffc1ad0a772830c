type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** An object without the fields that were not given. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
