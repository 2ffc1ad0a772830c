import type { Given, Report } from "./visit.ts";

/** What the log says when everything is over, against what a client saw. In words; nothing is well. */
export function judgeVisit(name: string, report: Report, log: readonly Given[]): string[] {
  const { iterators, sent, begun, forwards, backwards, problems } = report;
  return [
    ...problems,
    ...iterators.flatMap((one) => compared(`the ${one.name} iterator`, one.given, log.slice(one.after))),
    ...compared("history forwards", forwards, log),
    ...compared("history backwards", backwards, log.toReversed()),
    ...judgeSends(name, sent, begun, log),
  ].map((problem) => `${name}: ${problem}`);
}

/** The first difference. */
function compared(what: string, given: readonly Given[], wanted: readonly Given[]): string[] {
  for (const [i, [msg_id, id]] of wanted.entries()) {
    const [found, text] = given[i] ?? [];
    if (found === undefined) return [`${what} ends before ${msg_id}`];
    if (found !== msg_id) return [`${what} gave ${found} in the place of ${msg_id}`];
    if (text !== id) return [`${what} gave another text for ${msg_id}`];
  }
  return given.length > wanted.length ? [`${what} gave ${given.length - wanted.length} too many`] : [];
}

/** Each send stands in the log once, where its answer said, in the order of sending. */
function judgeSends(user: string, sent: readonly Given[], begun: number, log: readonly Given[]): string[] {
  const own = log.filter(([, id]) => id.startsWith(`${user} `));
  const inOrder = Array.from({ length: begun }, (_, n) => `${user} ${n + 1}`);
  const times = Map.groupBy(own, ([, id]) => id);
  const repeated = [...times.values()].filter(({ length }) => length > 1);
  const misplaced = sent.filter(([msg_id, id]) => log[msg_id - 1]?.[1] !== id);
  const found: [boolean, string][] = [
    [repeated.length > 0, `${repeated.length} sends were stored several times`],
    [sent.length !== begun, `${sent.length} of ${begun} sends were acknowledged`],
    [inOrder.some((id) => !times.has(id)), "a send was not stored"],
    [misplaced.length > 0, `${misplaced.length} answers named another message`],
    [repeated.length === 0 && own.some(([, id], i) => id !== inOrder[i]), "the order of sends was changed"],
  ];
  return found.filter(([isWrong]) => isWrong).map(([, what]) => what);
}
