import { fileURLToPath } from "node:url";
import { loadConfig } from "roomlog";
import { expect, test } from "vitest";
import { checkConfig } from "../../packages/server/src/setups.ts";

const fileOf = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));

test.for(["roomlog.yaml", "container.yaml"])(
  "deploy/%s is a configuration that a server starts with",
  async (name) => {
    await checkConfig(loadConfig(fileOf(name), {}));
  },
);

test("the sample for a machine asks who somebody is, believes its proxy alone, and bounds the logs", () => {
  const { host, authenticators, trusted_proxies, services } = loadConfig(fileOf("roomlog.yaml"), {});
  expect({ host, authenticators, trusted_proxies }).toEqual({
    host: "127.0.0.1",
    authenticators: [{ kind: "users" }],
    trusted_proxies: ["127.0.0.1", "::1"],
  });
  expect(services.main?.msglog).toEqual({
    retention: { max_age: 365 * 86_400 },
    max_bytes_total: 10_000_000_000,
  });
});
