import { expect, test } from "vitest";
import { dataDirectory } from "../support/server.ts";
import { tamper } from "./tamper.ts";

/** `ROOMLOG_CHANGES=500 ROOMLOG_SEED=1 npx vitest run test/verify` is the whole of it. */
const CHANGES = Number(process.env.ROOMLOG_CHANGES ?? 15);
const SEED = Number(process.env.ROOMLOG_SEED ?? Date.now() % 1e9);

test(
  `[O7] verify finds every change of a row or a byte that a reader can see, and none in a clean database (seed ${SEED})`,
  async () => {
    const { missed, found, seen, unseen } = await tamper(dataDirectory(), CHANGES, SEED);
    console.log(`${found} of ${seen} changes found; ${unseen} more that no reader can see`);
    expect(missed).toEqual([]);
    expect(found).toBe(CHANGES);
  },
  60_000 + CHANGES * 5000,
);
