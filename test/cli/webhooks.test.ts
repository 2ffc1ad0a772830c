import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { roomlog } from "../support/cli.ts";
import { withWebhook } from "../support/webhooks.ts";

/** A server with a webhook, and commands that go to it as one who may. */
async function world(options: Parameters<typeof withWebhook>[1] = {}) {
  const hook = await withWebhook({}, options);
  const env = {
    ROOMLOG_URL: hook.server.urls[0] ?? "",
    ROOMLOG_USER: "root",
    ROOMLOG_PASSWORD: "secret",
  };
  return { ...hook, env, run: (...args: string[]) => roomlog(["webhooks", ...args], { env }) };
}

test("[W7] webhooks shows how each fares, what could not be told, and sends it again", async () => {
  const { send, answers, letters, told, env, run } = await world();
  expect(await run()).toEqual({ status: 0, stdout: "hook\tok\t0\t0\t0\t\t\n", stderr: "" });
  answers(410);
  await send("r");
  await expect.poll(letters).toHaveLength(1);
  const [row] = (await run("--json")).stdout.split("\n");
  expect(JSON.parse(row ?? "")).toMatchObject({
    webhook: "hook",
    dead_letters: 1,
    last_error: "answered 410",
  });
  expect((await run("--dead")).stdout).toMatch(/^1\thook\tr\t1-1\t\S+Z\tanswered 410\n$/);
  expect((await run("--dead", "other")).stdout).toBe("");
  const seen = await roomlog(["webhooks"], {
    env: { ...env, FORCE_COLOR: "1", NO_COLOR: "1", COLUMNS: "80" },
  });
  const [heads = ""] = stripVTControlCharacters(seen.stdout).split("\n");
  expect(heads.split(/ {2,}/)).toEqual(["webhook", "state", "behind", "for", "dead", "last error", "at"]);
  expect(await run("other")).toMatchObject({ status: 66, stderr: "roomlog: there is no webhook other\n" });
  expect(await run("--retry", "1")).toMatchObject({
    status: 69,
    stderr: "roomlog: letter 1 was not delivered: answered 410\n",
  });
  answers(200);
  expect(await run("--retry", "1")).toMatchObject({ status: 0, stdout: "letter 1 was delivered\n" });
  expect(told.at(-1)?.payload).toMatchObject({ letter: 1 });
  expect(await run("--retry", "1")).toMatchObject({
    status: 65,
    stderr: "roomlog: Syntax error: letter: there is no such dead letter (core/webhook/retry, 100044)\n",
  });
}, 60_000);

test("[W7, L7] on a server that runs open everybody may look", async () => {
  const { run } = await world({ config: { users: [] } });
  expect(await run()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^hook\tok\t/) });
});
