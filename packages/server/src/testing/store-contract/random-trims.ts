import assert from "node:assert/strict";
import type { Life, Message, Store, Trim, Trimmed } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { oneOf, type Random, random } from "./random.ts";
import { append, create, idsTo, logOf, one, overdueEpochs, textOf, trim, trimAll } from "./samples.ts";

const SECOND = 1_000_000;
const END = Number.POSITIVE_INFINITY;
const SEEDS = [1, 2, 3, 4];

/** Trims of logs and by bounds that nobody thought of (M13). */
export const randomTrimCases: readonly StoreCase[] = SEEDS.map((seed) =>
  storeCase(`[M13] what retention leaves is the largest part it allows, seed ${seed}`, async (store) => {
    const next = random(seed);
    await store.commit([create(one)]);
    let log: readonly Message[] = [];
    for (const _ of idsTo(12)) {
      const sends = idsTo(next(12)).map(() => append(one, textOf(9 + next(60)), next(100) * SECOND));
      await store.commit(sends);
      const all = await logOf(store, one);
      assert.deepEqual(all.slice(0, log.length), log);
      const order = trim(one, { most: 2 + next(6), ...randomOrder(all, next) });
      const expected = allowed(all, order);
      await assertTrim(store, order, all, expected);
      log = expected;
    }
  }),
);

/** Bounds near what there is. */
function randomOrder(log: readonly Message[], next: Random): Pick<Trim, "bounds"> & { before?: number } {
  const last = log.at(-1)?.msg_id ?? 0;
  const retention = {
    ...(next(2) === 0 && { max_age: 1 + next(100) }),
    ...(next(2) === 0 && { max_messages: 1 + next(log.length + 2) }),
    ...(next(2) === 0 && { max_bytes: 1 + next(bytesOf(log) + 50) }),
  };
  const bounds = { retention, now: next(200) * SECOND, names_before: 0 };
  return oneOf([{ bounds }, { bounds }, { bounds, before: Math.max(0, last - next(10) + 3) }], next);
}

/** The longest end of the log that nothing forbids. */
function allowed(log: readonly Message[], { before, bounds }: Trim): readonly Message[] {
  const { max_age = END, max_messages = END, max_bytes = END } = bounds.retention;
  const fits = (kept: readonly Message[]) =>
    before === undefined
      ? kept.length <= max_messages &&
        bytesOf(kept) <= max_bytes &&
        kept.every(({ timestmap }) => timestmap >= bounds.now - max_age * SECOND)
      : kept.every(({ msg_id }) => msg_id >= before);
  const start = [...log.keys(), log.length].find((from) => fits(log.slice(from)));
  return log.slice(start);
}

/** The trim, and what is said about it before and after. */
async function assertTrim(
  store: Store,
  order: Trim,
  log: readonly Message[],
  kept: readonly Message[],
): Promise<void> {
  const dropped = log.slice(0, log.length - kept.length);
  const end = (await store.life(one))?.last_id ?? 0;
  const first_id = kept[0]?.msg_id ?? end + 1;
  const expected: Trimmed = { first_id, messages: dropped.length, bytes: bytesOf(dropped), more: false };
  if (order.before === undefined) {
    assert.deepEqual(await overdueEpochs(store, order.bounds), dropped.length > 0 ? ["first life"] : []);
  }
  assert.deepEqual(await countAll(store, order), expected);
  assert.deepEqual(await trimAll(store, order), expected);
  assert.deepEqual(await logOf(store, one), kept);
  const life = (await store.life(one)) as Life;
  assert.deepEqual([life.first_id, life.count, life.bytes], [first_id, kept.length, bytesOf(kept)]);
}

/** What all slices of `trimmable` say together. */
async function countAll(store: Store, { kind: _, ...order }: Trim): Promise<Trimmed> {
  let [messages, bytes] = [0, 0];
  for (;;) {
    const slice = await store.trimmable({ ...order, counted: { messages, bytes } });
    assert(slice, "the life is gone");
    assert(slice.messages <= order.most);
    messages += slice.messages;
    bytes += slice.bytes;
    if (!slice.more) return { ...slice, messages, bytes };
    assert(slice.messages > 0, "the slices do not come to an end");
  }
}

function bytesOf(log: readonly Message[]): number {
  return log.reduce((sum, { msg }) => sum + Buffer.byteLength(msg), 0);
}
