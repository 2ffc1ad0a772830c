import { expect, test } from "vitest";
import { percentile } from "../../bench/support/numbers.ts";
import { SlowSockets } from "../hostile/load/slow-sockets.ts";
import { makeRooms, talk } from "../hostile/load/talkers.ts";
import { startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";

test("[T10] slowloris: beside 300 slow sockets others log in and talk, and the slow ones are closed", async () => {
  const { url } = await startChildServer(dataDirectory());
  await makeRooms(url);
  const slow = await SlowSockets.open(url, 300);
  const took = await talk(url, { count: 60, perSecond: 10 });
  slow.stop();
  expect(took.logins).toHaveLength(60);
  // With a machine of its own it is a hundredth of that; `npm run test:hostile` says the figures.
  expect(percentile(took.logins, 99)).toBeLessThan(2000);
  expect(slow.closed).toBeGreaterThanOrEqual(300);
});
