import { expect, test } from "vitest";
import type { Service } from "../../packages/server/src/core/service.ts";
import type { Session } from "../../packages/server/src/core/session.ts";
import { LocalClient, SessionEnded } from "../../packages/server/src/http/local-client.ts";
import type { Connection } from "../../packages/server/src/transport/transport.ts";

/** A client of a session that rests, and answers nothing. */
function resting(limits: { readonly requests_in_flight: number; readonly session_queue_bytes: number }) {
  const accept = (connection: Connection) =>
    ({
      limits,
      frame: () => {},
      closed: () => {},
      close: (code: number, reason: string) => connection.close(code, reason),
    }) as unknown as Session;
  const service = { accept } as unknown as Service;
  const client = new LocalClient(service, { remote: "http:127.0.0.1", address: "127.0.0.1" });
  client.pause();
  return client;
}

test.for([
  ["requests", { requests_in_flight: 10, session_queue_bytes: 1e6 }, 11],
  ["bytes", { requests_in_flight: 1e6, session_queue_bytes: 10_000 }, 30],
] as const)("[Q3] what waits for a session that rests is bounded in %s", async ([, limits, over]) => {
  const client = resting(limits);
  const data = JSON.stringify({ text: "x".repeat(400) });
  const ends = Array.from({ length: over }, () =>
    client.call("core/core/ping", data).catch((error) => error),
  );
  const errors = await Promise.all(ends);
  expect(client.isEnded).toBe(true);
  for (const error of errors) expect(error).toBeInstanceOf(SessionEnded);
  expect(errors[0]).toMatchObject({ how: { code: 4003 } });
});
