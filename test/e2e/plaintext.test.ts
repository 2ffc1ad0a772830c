import { createServer } from "roomlog";
import { expect, test } from "vitest";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { tlsFile } from "../support/tls-socket.ts";

const users = [{ name: "ann", password: "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA" }];
const memory = { store: { kind: "memory" }, port: 0 } as const;

test.for(["0.0.0.0", "::", "192.168.1.5", "example.org"])(
  "[T9] %s without encryption is refused, and what to write is said",
  async (host) => {
    const refused = createServer({ ...memory, data: dataDirectory(), users, host });
    await expect(refused).rejects.toThrow(
      /^services\.main\.listeners: .*tls: \{cert, key\}.*127\.0\.0\.1.*allow_plaintext: true/,
    );
  },
);

test("[T9] a listener of its own host is judged by that host", async () => {
  const services = { main: { listeners: [{ path: "/" }, { host: "0.0.0.0", path: "/" }] } };
  await expect(createServer({ ...memory, data: dataDirectory(), users, services })).rejects.toThrow(
    "0.0.0.0 can be reached from other machines, but without encryption",
  );
});

test.for([
  ["allow_plaintext", { allow_plaintext: true }, "ws:"],
  ["a certificate", { tls: { cert: tlsFile("cert.pem"), key: tlsFile("key.pem") }, port: 0 }, "wss:"],
] as const)("[T9] with %s all addresses may be listened on", async ([, listener, scheme]) => {
  const services = { main: { listeners: [{ host: "0.0.0.0", ...listener }] } };
  const { url } = await serverForTest({ ...memory, users, services });
  expect(new URL(url).protocol).toBe(scheme);
});

test("[T9] loopback needs neither", async () => {
  await serverForTest({ ...memory, users, host: "localhost" });
});

test("[L7, S4] a reload does not take the users away from a listener that others can reach", async () => {
  const services = { main: { listeners: [{ host: "0.0.0.0", allow_plaintext: true }] } };
  const data = dataDirectory();
  let config: object = { ...memory, data, users, services };
  const server = await serverForTest(config, { loadConfig: () => config });
  config = { ...memory, data };
  await expect(server.reload()).rejects.toThrow("no users are configured");
});
