import { statfsSync } from "node:fs";
import { expect, test } from "vitest";
import { FreeSpace } from "../../packages/server/src/store/free-space.ts";
import { dataDirectory } from "../support/server.ts";

test("[Q9] a disk is low below the bound, and each change is told once", async () => {
  const data = dataDirectory();
  const { bavail, bsize } = statfsSync(data);
  const told: boolean[] = [];
  const watch = (least: number) => new FreeSpace(data, least, (isLow) => told.push(isLow));
  const [low, enough] = [watch(2 * bavail * bsize), watch(1)];
  for (const space of [low, enough]) for (let i = 0; i < 2; i++) await space.check();
  expect([low.isLow, enough.isLow]).toEqual([true, false]);
  expect(told).toEqual([true]);
});

test("[Q9] a directory that cannot be asked changes nothing", async () => {
  const gone = new FreeSpace("/nowhere/at/all", 1e15, () => expect.unreachable());
  await gone.check();
  expect(gone.isLow).toBe(false);
});
