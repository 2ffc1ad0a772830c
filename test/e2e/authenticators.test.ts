import type { ConfigInput } from "roomlog";
import { beforeAll, expect, test, vi } from "vitest";
import { Turnstile } from "../../packages/server/src/auth/turnstile.ts";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";
import { SECRET, token } from "../support/tokens.ts";

const hashes = vi.hoisted(() => ({ verified: 0 }));
vi.mock("@node-rs/argon2", async (original) => {
  const argon2 = await original<typeof import("@node-rs/argon2")>();
  const verify: typeof argon2.verify = (...given) => {
    hashes.verified += 1;
    return argon2.verify(...given);
  };
  return { ...argon2, verify };
});

const memory = { store: { kind: "memory" } } as const;
const jwt: NonNullable<ConfigInput["authenticators"]>[number] = {
  kind: "jwt",
  issuer: "issuer",
  audience: "roomlog",
  keys: [{ algorithm: "HS256", secret: SECRET }],
};
const claims = { iss: "issuer", aud: "roomlog", sub: "tim" };
let password: string;

beforeAll(async () => {
  password = await hashPassword("secret");
});

async function login(url: string, data: object) {
  const client = await RawClient.connect(url);
  return { client, answer: await client.call("core/user/login", data) };
}

test("[L11] authenticators are asked in their order, the first that knows the credentials decides", async () => {
  const authenticators = [jwt, { kind: "users" as const }];
  const { url } = await serverForTest({ ...memory, authenticators, users: [{ name: "ann", password }] });
  expect((await login(url, { user: "ann", password: "secret" })).answer).toMatchObject({ result: "ok" });
  expect((await login(url, { token: await token(claims) })).answer).toMatchObject({ result: "ok" });
  expect((await login(url, { user: "ann", password: "wrong", token: "x" })).answer).toMatchObject({
    data: { code: 100030 },
  });
});

test("[L11] with authenticators and no users there is no open mode", async () => {
  const { url, open } = await serverForTest({
    ...memory,
    services: { main: { listeners: [{ host: "0.0.0.0", allow_plaintext: true }] } },
    authenticators: [jwt],
  });
  expect(open).toBe(false);
  const local = url.replace("0.0.0.0", "127.0.0.1");
  expect((await login(local, { user: "ann" })).answer).toMatchObject({ data: { code: 100030 } });
});

test("[L11] a user has his own rights and those of his roles and of the service", async () => {
  const may = async (client: RawClient, name: string, data: object = {}) =>
    (await client.call(name, data)).data?.code !== 100030;
  const { url } = await serverForTest({
    ...memory,
    roles: { reader: { rights: ["room_read"] } },
    users: [
      { name: "ann", password, rights: ["room_create"], roles: ["reader"] },
      { name: "bob", password, roles: ["reader"] },
    ],
    services: { main: { rights: ["users"] } },
  });
  const [ann, bob] = await Promise.all(
    ["ann", "bob"].map(async (user) => (await login(url, { user, password: "secret" })).client),
  );
  const tried = async (client: RawClient | undefined) =>
    client && [
      await may(client, "media/room/create", { class: "chat" }),
      await may(client, "media/room/get_list"),
      await may(client, "core/user/list"),
      await may(client, "core/session/stop", { session_id: "none" }),
    ];
  expect(await tried(ann)).toEqual([true, true, true, false]);
  expect(await tried(bob)).toEqual([false, true, true, false]);
});

test("[L11] an unknown role is a wrong configuration that names the setting", async () => {
  const users = [
    { name: "ann", password },
    { name: "bob", password, roles: ["king"] },
  ];
  await expect(serverForTest({ ...memory, users })).rejects.toThrow('users.1.roles: there is no role "king"');
});

test.for([
  ["a wrong password", { user: "ann", password: "wrong" }, 1],
  ["an unknown user", { user: "nobody", password: "secret" }, 1],
  ["an unknown user without password", { user: "nobody" }, 0],
  ["a user without password", { user: "ann" }, 0],
  ["a token", { token: "x" }, 0],
] as const)("[L17] %s costs as many hashes whether there is such a user or not", async ([, data, count]) => {
  const { url } = await serverForTest({ ...memory, users: [{ name: "ann", password }] });
  hashes.verified = 0;
  expect((await login(url, data)).answer).toMatchObject({ data: { code: 100030 } });
  expect(hashes.verified).toBe(count);
});

test("[L11, L17] beyond the queue of hashes a login is 100050, which is no refusal", async () => {
  const limits = {
    login_failures: 1,
    login_seconds: 120,
    handshakes_per_address: 200,
    sessions_per_user: 200,
  };
  const { url } = await serverForTest({ ...memory, limits, users: [{ name: "ann", password }] });
  const clients = await Promise.all(Array.from({ length: 120 }, () => RawClient.connect(url)));
  const data = { user: "ann", password: "secret" };
  const answers = await Promise.all(clients.map((client) => client.call("core/user/login", data)));
  const busy = clients.filter((_, i) => answers[i].result === "error");
  expect(busy.length).toBeGreaterThan(0);
  for (const { result, data } of answers)
    if (result === "error") expect(data).toMatchObject({ code: 100050, retry_after_ms: 2000 });
  expect(await busy[0]?.call("core/user/login", data)).toMatchObject({ result: "ok" });
});

test("[L17] a turnstile lets so many in at once, in their order, and goes on after failures", async () => {
  const turnstile = new Turnstile({ running: 2, waiting: 2, waiting_per_address: 2, retry_after_ms: 5 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const runs = gates.map(({ promise }, i) =>
    turnstile.run("a", () => {
      begun.push(i);
      return promise;
    }),
  );
  await expect(turnstile.run("b", async () => {})).rejects.toMatchObject({ retry_after_ms: 5 });
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error("failed"));
  await expect(runs[1]).rejects.toThrow("failed");
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.all([runs[0], runs[2], runs[3]]);
  expect(begun).toEqual([0, 1, 2, 3]);
  await turnstile.run("b", async () => {});
});
