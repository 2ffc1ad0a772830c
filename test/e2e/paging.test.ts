import { describe, expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";

const START = 1_700_000_000_000_000;

/** Ten messages, a second apart; ann wrote the odd ones, bob with the session b1 the even ones. */
async function tenMessages(config = {}) {
  const clock = new ManualClock();
  const room = await inRoom({ limits: { idle_seconds: 86_400 }, ...config }, { clock });
  const bob = roomCalls(await RawClient.login(room.url, "bob", "b1"));
  for (let n = 1; n <= 10; n++) {
    clock.wallNow = START + n * 1_000_000;
    await (n % 2 === 1 ? room : bob).send({ n });
  }
  const ids = async (query: object) => idsOf((await room.get(query)).data);
  return { ...room, ids };
}

describe("[M8] a page is what all the given parameters select", async () => {
  const at = (n: number) => START + n * 1_000_000;
  test.for<[object, number[]]>([
    [{ limit: 3 }, [1, 2, 3]],
    [{ limit: 3, order: "desc" }, [10, 9, 8]],
    [{ after: 4, limit: 3 }, [5, 6, 7]],
    [{ before: 4 }, [1, 2, 3]],
    [{ before: 8, limit: 2 }, [1, 2]],
    [{ before: 8, limit: 2, order: "desc" }, [7, 6]],
    [{ after: 3, before: 6 }, [4, 5]],
    [{ after: 3, before: 4 }, []],
    [{ after: 6, before: 3 }, []],
    [{ after: 10 }, []],
    [{ before: 0 }, []],
    [{ before: 1 }, []],
    [{ after: 9_007_199_254_740_991 }, []],
    [{ from_time: at(8) }, [8, 9, 10]],
    [{ to_time: at(3) }, [1, 2]],
    [{ from_time: at(3), to_time: at(5) }, [3, 4]],
    [{ from_time: at(3) + 1, to_time: at(5) + 1 }, [4, 5]],
    [{ from_time: at(11) }, []],
    [{ to_time: 0 }, []],
    [{ user_id: "bob" }, [2, 4, 6, 8, 10]],
    [{ user_id: "nobody" }, []],
    [{ session_id: "s1", limit: 2, order: "desc" }, [9, 7]],
    [{ session_id: "b1", user_id: "ann" }, []],
    [
      { user_id: "ann", session_id: "s1", after: 1, before: 9, from_time: at(4), to_time: at(8), limit: 5 },
      [5, 7],
    ],
  ])("%j", async ([query, expected]) => {
    const { ids } = await tenMessages({ store: { kind: "memory" } });
    expect(await ids(query)).toEqual(expected);
  });
});

test("[M8] the same on the disk", async () => {
  const { ids } = await tenMessages();
  expect(await ids({ user_id: "bob", after: 2, order: "desc", limit: 2 })).toEqual([10, 8]);
  expect(await ids({ session_id: "s1", from_time: START + 4_000_000 })).toEqual([5, 7, 9]);
  expect(await ids({ to_time: START + 3_000_000, order: "desc" })).toEqual([2, 1]);
});

test.for([
  ["after", -1],
  ["after", 1.5],
  ["after", "1"],
  ["after", 2 ** 53],
  ["before", -1],
  ["before", null],
  ["limit", 0],
  ["limit", 1001],
  ["order", "up"],
  ["from_time", -1],
  ["to_time", "now"],
  ["user_id", 5],
  ["user_id", ""],
  ["session_id", "*"],
  ["epoch", 1],
] as const)("[M8] %s: %j is a syntax error", async ([field, value]) => {
  const { get } = await inRoom({ store: { kind: "memory" } });
  expect((await get({ [field]: value })).data).toMatchObject({ code: 100044, field });
});

test("[M8] with a limit a page ends at whole messages within max_get_bytes, from either end", async () => {
  const { send, get } = await inRoom({ services: { main: { msglog: { max_get_bytes: 250 } } } });
  for (let n = 1; n <= 5; n++) await send({ n, text: "x".repeat(80) });
  expect(idsOf((await get({ limit: 5 })).data)).toEqual([1, 2]);
  expect(idsOf((await get({ limit: 5, order: "desc" })).data)).toEqual([5, 4]);
  expect(idsOf((await get({ limit: 5, after: 4 })).data)).toEqual([5]);
  expect((await get({ after: 1 })).data).toMatchObject({ code: 304103, field: "limit", limit: 250 });
  expect(idsOf((await get({ after: 3 })).data)).toEqual([4, 5]);
});
