import { createServer } from "roomlog";
import { expect, test } from "vitest";
import { upgrade } from "../support/raw-socket.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const GOOD = "https://good.example";
const HASH = "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA";

/** A server with users, for the pages of these origins. */
async function serverFor(listener: object): Promise<string> {
  const { url } = await serverForTest({
    store: { kind: "memory" },
    users: [{ name: "ann", password: HASH }],
    services: { main: { listeners: [listener] } },
  });
  return url;
}

test.for([
  "https://evil.example",
  "http://good.example",
  "https://good.example.evil.example",
  "https://evil-good.example",
  "https://sub.good.example",
  "https://GOOD.example",
  "HTTPS://good.example",
  "https://good.example.",
  "https://good.example:443",
  "https://good.example:8443",
  "https://good.example/",
  "https://good.example@evil.example",
  "https://good.example, https://evil.example",
  "https://good.example https://evil.example",
  "null",
  "*",
  "",
])("[T7] cross-site hijacking: Origin %j is HTTP 403 with a sentence", async (origin) => {
  const url = await serverFor({ origins: [GOOD, "https://other.example:8443"] });
  const { response } = await upgrade(url, { Origin: origin });
  expect(response).toMatch(/^HTTP\/1\.1 403 /);
  expect(response).toContain("may not connect to this server.");
});

test.for([
  ["the good one first", { Origin: GOOD, origin: "https://evil.example" }],
  ["the good one last", { Origin: "https://evil.example", origin: GOOD }],
  ["the good one twice", { Origin: GOOD, origin: GOOD }],
] as const)("[T7] cross-site hijacking: two Origin headers, %s, are HTTP 403", async ([, headers]) => {
  const url = await serverFor({ origins: [GOOD] });
  expect((await upgrade(url, headers)).response).toMatch(/^HTTP\/1\.1 403 /);
});

test.for([GOOD, "https://other.example:8443", "app://localhost"])(
  "[T7] Origin %j of the list is taken",
  async (Origin) => {
    const url = await serverFor({ origins: [GOOD, "https://other.example:8443", "app://localhost"] });
    expect((await upgrade(url, { Origin })).response).toMatch(/^HTTP\/1\.1 101 /);
  },
);

test("[T7] without an Origin programs are taken, unless require_origin", async () => {
  expect((await upgrade(await serverFor({ origins: [GOOD] }))).response).toMatch(/^HTTP\/1\.1 101 /);
  const strict = await serverFor({ origins: [GOOD], require_origin: true });
  const { response } = await upgrade(strict);
  expect(response).toMatch(/^HTTP\/1\.1 403 /);
  expect(response).toContain("web pages only");
  expect((await upgrade(strict, { Origin: GOOD })).response).toMatch(/^HTTP\/1\.1 101 /);
});

test("[T7] without a list every page is taken when there are users", async () => {
  const url = await serverFor({});
  expect((await upgrade(url, { Origin: "https://any.example" })).response).toMatch(/^HTTP\/1\.1 101 /);
});

test("[T7, L7] in open mode a list takes nobody in whom open mode refuses", async () => {
  const services = { main: { listeners: [{ origins: [GOOD, "http://localhost:5173"] }] } };
  const { url } = await serverForTest({ store: { kind: "memory" }, services });
  expect((await upgrade(url, { Origin: GOOD })).response).toMatch(/^HTTP\/1\.1 403 /);
  expect((await upgrade(url, { Origin: "http://localhost" })).response).toMatch(/^HTTP\/1\.1 403 /);
  expect((await upgrade(url, { Origin: "http://localhost:5173" })).response).toMatch(/^HTTP\/1\.1 101 /);
  const twice = { Origin: "http://localhost:5173", origin: "https://evil.example" };
  expect((await upgrade(url, twice)).response).toMatch(/^HTTP\/1\.1 403 /);
});

test("[T7] each path of a port has its own list", async () => {
  const [a, b] = [{ path: "/a", origins: [GOOD] }, { path: "/b" }];
  const { url } = await serverForTest({
    store: { kind: "memory" },
    users: [{ name: "ann", password: HASH }],
    services: { a: { listeners: [a] }, b: { listeners: [b] } },
  });
  const status = async (path: string) => {
    const { response } = await upgrade(new URL(path, url).href, { Origin: "https://evil.example" });
    return response.slice(9, 12);
  };
  expect(await status("/a")).toBe("403");
  expect(await status("/b")).toBe("101");
});

test.for([
  "*",
  "https://*.example",
  "https://good.example/",
  "https://good.example:443",
  "https://GOOD.example",
  "good.example",
  "null",
])("[T7] %j in the list is a mistake that is named", async (origin) => {
  const services = { main: { listeners: [{ origins: [origin] }] } };
  await expect(createServer({ port: 0, data: dataDirectory(), services })).rejects.toThrow(
    "write it as browsers do",
  );
});

test("[T7] require_origin without a list is a mistake that is named", async () => {
  const services = { main: { listeners: [{ require_origin: true }] } };
  await expect(createServer({ port: 0, data: dataDirectory(), services })).rejects.toThrow(
    "services.main.listeners: require_origin needs origins",
  );
});
