import type { ConfigInput } from "roomlog";
import { onTestFinished } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "./raw-client.ts";
import { serverForTest } from "./server.ts";

const password = await hashPassword("secret");

/** A server, in memory, with the users ann and bob, so that limits per second and per user are on (L7); its time stands still. */
export async function withUsers(config: ConfigInput = {}) {
  const clock = new ManualClock();
  const users = ["ann", "bob"].map((name) => ({ name, password }));
  const server = await serverForTest({ store: { kind: "memory" }, users, ...config }, { clock });
  const login = async (user = "ann", session_id?: string) => {
    const client = await RawClient.connect(server.url);
    // Who has to rest (Q3) is not heard when he closes.
    onTestFinished(() => clock.advance(60_000));
    const answer = await client.call("core/user/login", { user, password: "secret", session_id });
    return { client, answer };
  };
  return { clock, url: server.url, login };
}
