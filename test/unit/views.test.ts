import { trustedMatcherOf } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { Views } from "../../packages/server/src/core/views.ts";

/** What views let through of a message "to" somebody, and how often one had to be made ready. */
function counted() {
  let made = 0;
  const views = new Views((view) => {
    made += 1;
    return trustedMatcherOf(view);
  });
  const isSeen = (view: string, to: string) => {
    const stamp = { msg_id: 1, user_id: "ann", session_id: "s", timestmap: 1 };
    const places = views.sights([{ ...stamp, msg: JSON.stringify({ to }) }]).of(view);
    return places === undefined || places.length > 0;
  };
  return { isSeen, made: () => made };
}

const viewOf = (n: number, length = 0) =>
  JSON.stringify({ "/to": `user ${n}`, or: [{ "/x": "x".repeat(length) }, {}] });

test("[M17] the views of a thousand participants are made ready once, commit after commit", () => {
  const { isSeen, made } = counted();
  for (let commit = 0; commit < 3; commit++)
    for (let n = 0; n < 1000; n++) expect(isSeen(viewOf(n), "user 7")).toBe(n === 7);
  expect(made()).toBe(1000);
});

test("[M17] of large views those are kept ready that were asked for last", () => {
  const { isSeen, made } = counted();
  const large = (n: number) => isSeen(viewOf(n, 16_000), "user 1");
  for (let n = 0; n < 100; n++) large(n);
  expect(made()).toBe(100);
  for (let n = 99; n > 60; n--) large(n);
  expect(made()).toBe(100);
  expect([large(1), large(2)]).toEqual([true, false]);
  expect(made()).toBe(102);
});

test("[M17] one that is larger than all that is kept serves all the same", () => {
  const { isSeen, made } = counted();
  const huge = viewOf(1, 1_048_577);
  expect([isSeen(huge, "user 1"), isSeen(huge, "user 2")]).toEqual([true, false]);
  expect(made()).toBe(2);
});
