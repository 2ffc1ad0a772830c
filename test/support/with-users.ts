import type { ConfigInput } from "roomlog";
import { onTestFinished } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { PASSWORD } from "./people.ts";
import { RawClient } from "./raw-client.ts";
import { serverForTest } from "./server.ts";

/** With them limits per second and per user are on (L7). */
export const users = ["ann", "bob"].map((name) => ({ name, password: PASSWORD }));

export const credentials = (user: string, session_id?: string) => ({ user, password: "secret", session_id });

/** A server, in memory, with these users. Time stands still until `clock` is moved. */
export async function withUsers(config: ConfigInput = {}) {
  const clock = new ManualClock();
  const server = await serverForTest({ store: { kind: "memory" }, users, ...config }, { clock });
  const { url } = server;
  return {
    clock,
    server,
    url,
    async login(user = "ann", session_id?: string) {
      const client = await RawClient.connect(url);
      // Who has to rest (Q3) is not heard when he closes.
      onTestFinished(() => clock.advance(60_000));
      return { client, answer: await client.call("core/user/login", credentials(user, session_id)) };
    },
  };
}
