import { createServer } from "roomlog";
import { expect, test } from "vitest";
import { Proxies } from "../../packages/server/src/transport/proxies.ts";
import { maskedFrame, RawSocket } from "../support/raw-socket.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { users } from "../support/with-users.ts";

const memory = { store: { kind: "memory" } } as const;

/** What `user get` says about where a client is that came with these headers. */
async function remoteOf(url: string, headers: Record<string, string>): Promise<string> {
  const socket = await RawSocket.connect(url, headers);
  const data = { user: "ann", password: "secret", session_id: "a1" };
  socket.write(request("login", data, 1), request("get", { user: "ann" }, 2));
  const [, , answer] = await socket.texts(3);
  return JSON.parse(answer as string).data.a1.remote;
}

function request(cmd: string, data: object, tid: number): Buffer {
  return maskedFrame(0x81, JSON.stringify({ class: "core", subclass: "user", cmd, data, tid }));
}

const behind = (...trusted_proxies: string[]) => serverForTest({ ...memory, trusted_proxies });

test.for([
  [{ "X-Forwarded-For": "203.0.113.7" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https" }, "wss:203.0.113.7"],
  [{ "X-Forwarded-For": "6.6.6.6, 203.0.113.7" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.1.2.3" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "6.6.6.6", "x-forwarded-for": "203.0.113.7" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "203.0.113.7:4711" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "2001:db8::1" }, "ws:2001:db8::1"],
  [{ "X-Forwarded-For": "[2001:db8::1]:4711" }, "ws:2001:db8::1"],
  [{ "X-Forwarded-For": "::ffff:203.0.113.7" }, "ws:203.0.113.7"],
  [{ "X-Forwarded-For": "10.9.9.9, 10.1.2.3" }, "ws:10.9.9.9"],
  [{ "X-Forwarded-For": "203.0.113.7, nonsense" }, "ws:127.0.0.1"],
  [{ "X-Forwarded-For": "" }, "ws:127.0.0.1"],
  [{}, "ws:127.0.0.1"],
] as const)("[T8] through a trusted proxy that says %j a client is at %s", async ([headers, remote]) => {
  const { url } = await behind("127.0.0.1", "10.0.0.0/8");
  expect(await remoteOf(url, headers)).toBe(remote);
});

test.for([[[]], [["10.0.0.0/8", "::1", "128.0.0.0/1"]]] as const)(
  "[T8] forged headers from elsewhere than %j are ignored",
  async ([proxies]) => {
    const { url } = await serverForTest({ ...memory, users, trusted_proxies: [...proxies] });
    const forged = { "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https" };
    expect(await remoteOf(url, forged)).toMatch(/^ws:127\.0\.0\.1:\d+$/);
  },
);

test("[T8] a network holds what it says, in both families", () => {
  const proxies = new Proxies(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
  for (const inside of ["10.255.0.1", "192.0.2.1", "2001:db8:ffff::1", "::ffff:10.0.0.1"])
    expect(proxies.has(inside)).toBe(true);
  for (const outside of ["11.0.0.1", "192.0.2.2", "2001:db9::1", "::ffff:11.0.0.1", "", "10.0.0.1, 11.0.0.1"])
    expect(proxies.has(outside)).toBe(false);
});

test.for(["localhost", "10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "10.0.0", "10.0.0.0/", "*"])(
  "[T8] %j is no proxy",
  async (network) => {
    const config = { port: 0, data: dataDirectory(), trusted_proxies: [network] };
    await expect(createServer(config)).rejects.toThrow("an address, or a network such as 10.0.0.0/8");
  },
);
