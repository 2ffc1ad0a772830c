/** The part of the letters in which a misspelt word may differ from the one that was meant. */
const NEAR = 1 / 3;

/** Which of the known words is meant by one that is misspelt; undefined when none is like it. */
export function nearest(word: string, all: Iterable<string>): string | undefined {
  const byDistance = Array.from(all, (known) => ({ known, letters: distance(word, known) }));
  const [best] = byDistance.sort((a, b) => a.letters - b.letters);
  return best && best.letters <= NEAR * best.known.length ? best.known : undefined;
}

/** How many letters have to be put in, taken out or exchanged to make `to` of `from` (Levenshtein). */
function distance(from: string, to: string): number {
  const first = Array.from({ length: to.length + 1 }, (_, i) => i);
  const last = Array.from(from).reduce((above, letter) => {
    let left = (above[0] ?? 0) + 1;
    const row = above.slice(1).map((up, i) => {
      const exchanged = (above[i] ?? 0) + (to[i] === letter ? 0 : 1);
      left = Math.min(left + 1, up + 1, exchanged);
      return left;
    });
    return [(above[0] ?? 0) + 1, ...row];
  }, first);
  return last.at(-1) ?? 0;
}
