import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { define, expect } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { WireClient } from "../frame/wire-client.ts";

const FIELDS = ["class", "subclass", "type", "obj_id"] as const;
type Fields = { readonly [field in (typeof FIELDS)[number]]?: string | undefined };
type Body = Readonly<Record<string, unknown>>;

/** What one of two clients does; both get what they have subscribed to. */
type Step =
  | { readonly does: "subscribe"; readonly who: 0 | 1; readonly fields: Fields; readonly body: Body }
  | { readonly does: "unsubscribe"; readonly who: 0 | 1; readonly fields: Fields }
  | { readonly does: "send"; readonly who: 0 | 1; readonly fields: Fields; readonly body: Body };

/** Few names, so that they meet; some would mean another field if fields were merely put in a row. */
const label = fc.constantFrom("a", "b", "ab", "*", "__proto__");
const optional = fc.option(label, { nil: undefined, freq: 1 });
const fields = fc.record({
  class: fc.constantFrom("a", "ab", "*"),
  subclass: optional,
  type: optional,
  obj_id: optional,
});
/** Of an event the class is one that clients may send. */
const sent = fields.map((given) => (given.class === "*" ? { ...given, class: "a" } : given));
const body = fc.dictionary(fc.constantFrom("x", "y", "constructor"), fc.integer({ min: 0, max: 3 }), {
  maxKeys: 2,
});
const who = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("subscribe"), who, fields, body }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("unsubscribe"), who, fields }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("send"), who, fields: sent, body }) },
);

/** E2–E4: subscriptions and events at random, against a list that is gone through for each event. */
export const subscriptions = define<readonly Step[]>({
  name: "subscriptions",
  inputs: fc.array(step, { minLength: 2, maxLength: 30 }),
  batch: 100,
  open: (home) => ServerTarget.open<readonly Step[]>(home, attempt),
});

async function attempt(steps: readonly Step[], url: string): Promise<void> {
  const clients = [await WireClient.login(url, "every"), await WireClient.login(url, "every")];
  try {
    const expected: unknown[][] = [[], []];
    const lists: Known[][] = [[], []];
    for (const [order, one] of steps.entries()) {
      const { does, who, fields, ...rest } = one;
      const answer = await clients[who]?.call(`core/event/${does}`, { ...fields, ...rest });
      expect(answer?.startsWith('{"result":"ok"'), `${does} was answered with ${answer}`);
      if (does === "send")
        for (const [i, list] of lists.entries()) expected[i]?.push(...delivered(list, fields, one.body));
      else lists[who] = changed(lists[who] ?? [], one, order);
    }
    for (const [i, client] of clients.entries()) {
      await client.call("core/core/ping");
      const got = client.take().flatMap(eventOf);
      expect(
        isDeepStrictEqual(got, expected[i]),
        () => `expected ${JSON.stringify(expected[i])}, got ${JSON.stringify(got)}`,
      );
    }
  } finally {
    for (const client of clients) await client.close();
  }
}

/** A subscription; `*` and an absent field are the same. */
interface Known {
  readonly fields: readonly string[];
  readonly body: Body;
  readonly order: number;
}

function asList(fields: Fields): string[] {
  return FIELDS.map((field) => fields[field] ?? "*");
}

/** E4: the same fields again replace, or end, the subscription to them. */
function changed(list: readonly Known[], step: Exclude<Step, { does: "send" }>, order: number): Known[] {
  const fields = asList(step.fields);
  const others = list.filter((one) => !isDeepStrictEqual(one.fields, fields));
  return step.does === "unsubscribe" ? others : [...others, { fields, body: step.body, order }];
}

/** E2, E3: once, with the bodies of what matches from the least to the most specific, then its own. */
function delivered(list: readonly Known[], fields: Fields, body: Body): object[] {
  const event = asList(fields);
  const matching = list.filter((one) => one.fields.every((field, i) => field === "*" || field === event[i]));
  if (matching.length === 0) return [];
  const named = ({ fields }: Known) => fields.filter((field) => field !== "*").length;
  const bodies = matching
    .toSorted((a, b) => named(a) - named(b) || a.order - b.order)
    .map(({ body }) => body);
  const merged = Object.assign({}, ...bodies, body);
  const given = FIELDS.filter((_, i) => event[i] !== "*").map((field) => [field, fields[field]]);
  return [{ ...Object.fromEntries(given), ...(Object.keys(merged).length > 0 && { body: merged }) }];
}

/** E1 */
function eventOf(text: string): object[] {
  const { cmd, data } = JSON.parse(text);
  return cmd === "event" ? [data] : [];
}
