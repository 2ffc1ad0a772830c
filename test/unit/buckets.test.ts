import { expect, test } from "vitest";
import { Metrics } from "../../packages/server/src/metrics/metrics.ts";

test("[O3] a histogram counts what is at most so large, what is larger too, and the sum", async () => {
  const metrics = new Metrics(() => ({ server: [], services: [] }));
  for (const writes of [1, 2, 3, 2000])
    metrics.committed({ writes, started: 0, ended: 1, sync_ms: undefined });
  const { body } = await metrics.text();
  const lines = body.split("\n").filter((line) => line.startsWith("roomlog_commit_writes"));
  const upTo = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((le) => [le, Math.min(le, 3)]);
  expect(lines).toEqual([
    ...upTo.map(([le, count]) => `roomlog_commit_writes_bucket{le="${le}"} ${count}`),
    'roomlog_commit_writes_bucket{le="+Inf"} 4',
    "roomlog_commit_writes_sum 2006",
    "roomlog_commit_writes_count 4",
  ]);
  // A driver that does not say how long it waited for the disk.
  expect(body).toContain("\nroomlog_commit_sync_seconds_count 0\n");
});
