import { expect, test } from "vitest";
import { Metrics } from "../../packages/server/src/metrics/metrics.ts";
import { metricsPage } from "../../packages/server/src/metrics/page.ts";

const metrics = new Metrics(() => ({ server: [], services: [] }));
const TOKEN = "0123456789abcdef";
const here = {
  peer: "127.0.0.1",
  host: "127.0.0.1:9010",
  origin: undefined,
  authorization: undefined,
  isForwarded: false,
};
const status = async (asked: Partial<Parameters<typeof metricsPage>[1]>, settings = {}) =>
  (await metricsPage(metrics, { ...here, ...asked }, { enabled: true, ...settings })).status;

test("[O3] programs on this machine get the metrics without a token", async () => {
  expect(await status({})).toBe(200);
  expect(await status({ peer: "::1", host: "localhost:9010" })).toBe(200);
});

test.for([
  [{ peer: "192.0.2.1" }, "from another machine"],
  [{ isForwarded: true }, "through a proxy"],
  [{ host: "rooms.example.org" }, "under a name that leads here"],
  [{ host: undefined }, "under no name"],
  [{ origin: "https://elsewhere.example" }, "from a page"],
] as const)("[O3] others do not: %s", async ([asked]) => {
  expect(await status(asked)).toBe(403);
});

test("[O3] with a token they are for who has it, from anywhere", async () => {
  const settings = { token: TOKEN };
  expect(await status({ peer: "192.0.2.1", authorization: `Bearer ${TOKEN}` }, settings)).toBe(200);
  expect(await status({ authorization: "Bearer 0123456789abcdeX" }, settings)).toBe(401);
  expect(await status({ authorization: TOKEN }, settings)).toBe(401);
  expect(await status({}, settings)).toBe(401);
});

test("[O3] they can be switched off", async () => {
  expect(await status({}, { enabled: false })).toBe(404);
});
