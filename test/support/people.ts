import type { ConfigInput, ServerParts } from "roomlog";
import { RawClient } from "./raw-client.ts";
import { serverForTest } from "./server.ts";

/** The hash of "secret", made to be checked quickly. */
export const PASSWORD =
  "$argon2id$v=19$m=8,t=1,p=1$KESzVWgeIVHiWS53hAL+MA$TBtT86J/74zXGyZKqy5ZwIHH7W5dKh3SqbiDrDVVFnA";

type UserInput = NonNullable<ConfigInput["users"]>[number];

/** A server on which users have to log in, each with these rights; `login` gives a connection of one of them. */
export async function people(
  rights: { readonly [user: string]: UserInput["rights"] },
  config: ConfigInput = {},
  parts: ServerParts = {},
) {
  const users = Object.entries(rights).map(([name, granted]) => ({
    name,
    password: PASSWORD,
    rights: granted,
  }));
  const server = await serverForTest({ ...config, users }, parts);
  const login = async (user: string, session_id: string = user): Promise<RawClient> => {
    const client = await RawClient.connect(server.url);
    const answer = await client.call("core/user/login", { user, password: "secret", session_id });
    if (answer.result !== "ok") throw new Error(`login refused: ${JSON.stringify(answer)}`);
    return client.answering();
  };
  return { server, url: server.url, login };
}
