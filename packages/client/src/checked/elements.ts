/** The texts of the elements of the list that is the `data` of an answer's frame: to parse a message would change it (M7). */
export function elementsIn(frame: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = frame.indexOf("[", frame.indexOf('"data":')) + 1; i < frame.length; i++) {
    const c = frame[i];
    if (c === '"') i = endOfString(frame, i);
    else if (c === "{" && depth++ === 0) start = i;
    else if (c === "}" && --depth === 0) elements.push(frame.slice(start, i + 1));
    else if (c === "]" && depth === 0) break;
  }
  return elements;
}

/** Where its closing quote stands. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}
