import { expect, test } from "vitest";
import { type LogState, type Measured, sliceOf } from "../../packages/server/src/store/retention.ts";

const MIB = 1_048_576;
const log: LogState = { first_id: 1, last_id: 40, bytes: 20 * MIB, retention: undefined, kept: true };
const order = { before: 41, bounds: { retention: {}, now: 0, names_before: 0 }, most: 1000 };

/** Messages of half a MiB, and how many of them were looked at. */
function halves() {
  const seen = { count: 0 };
  function* messages(): Generator<Measured> {
    for (let id = 1; id <= 40; id++) {
      seen.count += 1;
      yield { timestmap: id, bytes: MIB / 2 };
    }
  }
  return { seen, messages: messages() };
}

test("[M13] a slice of a trim ends when it has a MiB of text, behind a whole message", () => {
  const { seen, messages } = halves();
  expect(sliceOf(log, order, messages)).toEqual({ first_id: 3, messages: 2, bytes: MIB, more: true });
  expect(seen.count).toBe(3);
});

test("[M13] a slice has one message at least, however large it is", () => {
  const large = [1, 2].map((timestmap) => ({ timestmap, bytes: 10 * MIB }));
  const slice = { first_id: 2, messages: 1, bytes: 10 * MIB, more: true };
  expect(sliceOf({ ...log, last_id: 2 }, order, large)).toEqual(slice);
});

test("[M13] no message is looked at behind the first one that stays", () => {
  const { seen, messages } = halves();
  const bounds = { ...order.bounds, retention: { max_messages: 39 } };
  const slice = { first_id: 2, messages: 1, bytes: MIB / 2, more: false };
  expect(sliceOf(log, { bounds, most: 1000 }, messages)).toEqual(slice);
  expect(seen.count).toBe(2);
});
