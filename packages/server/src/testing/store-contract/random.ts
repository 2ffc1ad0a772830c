/** Numbers from 0 up to below `end`, spread evenly and the same for the same seed. */
export type Random = (end: number) => number;

export function random(seed: number): Random {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

export function oneOf<T>(values: readonly T[], next: Random): T {
  return values[next(values.length)] as T;
}
