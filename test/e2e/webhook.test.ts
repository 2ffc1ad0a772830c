import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { definePlugin } from "roomlog/plugin";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { receiver } from "../support/receiver.ts";
import { serverForTest } from "../support/server.ts";

const SECRET = "sixteen characters";

/** A server that logs in by a webhook, which answers as it is told. */
async function withWebhook(answer: (response: ServerResponse) => void) {
  const { url, told: asked, answers } = await receiver();
  answers(({ response }) => answer(response));
  const metas: unknown[] = [];
  const watch = definePlugin({
    name: "watch",
    setup: () => ({
      hooks: {
        "core.opened": (session, next) => {
          metas.push(session.identity.meta && JSON.parse(session.identity.meta.text));
          next(session);
        },
      },
    }),
  });
  const clock = new ManualClock();
  const server = await serverForTest(
    {
      store: { kind: "memory" },
      limits: { login_failures: 1 },
      authenticators: [{ kind: "webhook", url, secret: SECRET, timeout_seconds: 0.5 }],
      services: { main: { plugins: ["core", "room", "watch"] } },
    },
    { clock, plugins: [watch] },
  );
  const client = await RawClient.connect(server.url);
  const login = (data: object) => client.call("core/user/login", data);
  /** The answer to a login that is refused: it is delayed until the clock moves. */
  const refusal = async () => {
    const refused = login({ user: "ann" });
    await client.until(({ ack }) => ack);
    await expect
      .poll(() => {
        clock.advance(100);
        return client.texts.length;
      })
      .toBeGreaterThan(1);
    return refused;
  };
  return { client, asked, metas, clock, login, refusal };
}

test("[L16] a webhook is asked with a signed request and decides who comes", async () => {
  const expires_at = 1_700_000_100;
  const grant = { user: "ann", rights: ["users"], session_id: "s1", meta: { vip: true }, expires_at };
  const { login, asked, metas, client } = await withWebhook((response) =>
    response.end(JSON.stringify(grant)),
  );
  const answer = await login({ user: "a", password: "p", token: "t", meta: { vip: false, seat: 1 } });
  expect(answer).toMatchObject({ result: "ok", data: { session_id: "s1", expires_in: 100 } });
  const [{ body, signature } = { body: "", signature: "" }] = asked;
  expect(JSON.parse(body)).toEqual({
    service: "main",
    user: "a",
    password: "p",
    token: "t",
    remote: expect.stringMatching(/^ws:127\.0\.0\.1:\d+$/),
  });
  const hex = createHmac("sha256", SECRET).update(`1700000000.${body}`).digest("hex");
  expect(signature).toBe(`t=1700000000,v1=${hex}`);
  expect(metas).toEqual([{ vip: true, seat: 1 }]);
  expect(await client.call("core/user/list")).toMatchObject({ data: { ann: ["s1"] } });
  expect(await client.call("media/room/get_list")).toMatchObject({ data: { code: 100030 } });
});

test.for([401, 403, 404])("[L16] %i refuses", async (status) => {
  const { refusal, client } = await withWebhook((response) => response.writeHead(status).end());
  expect(await refusal()).toMatchObject({ data: { code: 100030 } });
  expect(await client.closed).toMatchObject({ code: 4501 });
});

const unclear: Record<string, (response: ServerResponse) => void> = {
  "an error": (response) => response.writeHead(500).end(),
  "no content": (response) => response.writeHead(204).end(),
  "a redirect": (response) => response.writeHead(307, { location: "/other" }).end(),
  "a redirect elsewhere": (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  "no JSON": (response) => response.end("<html>"),
  "no user": (response) => response.end("{}"),
  "a user that is no name": (response) => response.end('{"user":"*"}'),
  "rights that are none": (response) => response.end('{"user":"ann","rights":[5]}'),
  "a session id that is none": (response) => response.end('{"user":"ann","session_id":""}'),
  "too much": (response) => response.end(JSON.stringify({ user: "ann", pad: "x".repeat(70_000) })),
  "too much meta": (response) =>
    response.end(JSON.stringify({ user: "ann", meta: { x: "x".repeat(20_000) } })),
  "half an answer": (response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"user":"ann"}');
    setImmediate(() => response.destroy());
  },
  "a broken connection": (response) => response.destroy(),
  "no answer": () => {},
  "an answer without end": (response) => response.write('{"user":"ann"}'),
};

test.for(Object.keys(unclear))("[L16] %s lets nobody in, and is no refusal", async (name) => {
  let works = false;
  const { login, asked } = await withWebhook((response) => {
    if (works) response.end('{"user":"ann"}');
    else unclear[name]?.(response);
  });
  expect(await login({ user: "ann" })).toMatchObject({ data: { code: 100050, retry_after_ms: 2000 } });
  expect(asked).toHaveLength(1);
  works = true;
  expect(await login({ user: "ann" })).toMatchObject({ result: "ok" });
});

test("[L12] an end that has passed is a refusal", async () => {
  const grant = JSON.stringify({ user: "ann", expires_at: 1_600_000_000 });
  const { refusal } = await withWebhook((response) => response.end(grant));
  expect(await refusal()).toMatchObject({ data: { code: 100030 } });
});

test.for(["http://example.org/login", "ftp://127.0.0.1/", "login"])(
  "[L16] the address %s is a wrong configuration",
  async (url) => {
    const authenticators = [{ kind: "webhook" as const, url, secret: SECRET }];
    await expect(serverForTest({ store: { kind: "memory" }, authenticators })).rejects.toThrow(/url/);
  },
);
