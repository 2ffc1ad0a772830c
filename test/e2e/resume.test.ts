import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "roomlog";
import { beforeAll, expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SECRET, token } from "../support/tokens.ts";

/** The clock of these tests begins here, in seconds since 1970. */
const NOW = 1_700_000_000;

const jwt: NonNullable<ConfigInput["authenticators"]>[number] = {
  kind: "jwt",
  issuer: "issuer",
  audience: "roomlog",
  keys: [{ algorithm: "HS256", secret: SECRET }],
  rights_claim: "may",
  meta_claim: "about",
};
const tokenFor = (sub: string, exp = NOW + 3600, may = ["room_read"]) =>
  token({ iss: "issuer", aud: "roomlog", sub, exp, may, about: { role: "pupil" } });

let password: string;

beforeAll(async () => {
  password = await hashPassword("secret");
});

/** A server with ann, bob, tokens, and two services. */
async function withUsers(config: ConfigInput = {}) {
  const clock = new ManualClock();
  let current: ConfigInput = {
    store: { kind: "memory" },
    users: ["ann", "bob"].map((name) => ({ name, password })),
    authenticators: [jwt, { kind: "users" }],
    services: { a: { listeners: [{ path: "/" }] }, b: { listeners: [{ path: "/b" }] } },
    ...config,
  };
  const server = await serverForTest(current, {
    clock,
    loadConfig: () => ({ ...current, limits: { ping_seconds: 0, ...current.limits } }),
  });
  const change = async (next: ConfigInput) => {
    current = { ...current, ...next };
    await server.reload();
  };
  /** The answer to a login; one that is refused is waited for with the clock. */
  const login = async (data: object, path = "/") => {
    const client = await RawClient.connect(new URL(path, server.url).href);
    const answer = call(client, clock, "core/user/login", data);
    return { url: server.url, client, answer: await answer };
  };
  return { server, clock, change, login };
}

/** A call whose refusal is delayed until the clock moves. */
async function call(client: RawClient, clock: ManualClock, name: string, data: object): Promise<Frame> {
  let answer: Frame;
  void client.call(name, data).then(
    (frame) => {
      answer = frame;
    },
    () => {},
  );
  await expect
    .poll(
      () => {
        if (!answer && client.texts.length > 0) clock.advance(50);
        return answer;
      },
      { interval: 20, timeout: 10_000 },
    )
    .toBeDefined();
  return answer;
}

const ann = { user: "ann", password: "secret", session_id: "s1" };
const refused = { result: "error", data: { code: 100030 } };

test("[L13] a session is resumed with the token of its login, without a password", async () => {
  const { login } = await withUsers();
  const first = await login(ann);
  const { resume } = first.answer.data;
  expect(resume).toEqual({ token: expect.any(String), expires_in: 300 });
  await first.client.close();
  const { answer, client } = await login({ token: resume.token, session_id: "s1" });
  expect(answer).toMatchObject({ result: "ok", data: { session_id: "s1", resume: { expires_in: 300 } } });
  expect(await client.call("core/user/get", { user: "ann" })).toMatchObject({ data: { s1: {} } });
  await client.close();
  const next = { token: answer.data.resume.token, session_id: "s1", user: "ann" };
  expect((await login(next)).answer).toMatchObject({ result: "ok" });
});

test("[L13] it takes its session id from a connection that still holds it", async () => {
  const { login } = await withUsers();
  const old = await login(ann);
  const { answer } = await login({ token: old.answer.data.resume.token, session_id: "s1" });
  expect(answer).toMatchObject({ result: "ok" });
  expect(await old.client.closed).toEqual({
    code: 4503,
    reason: "the session was resumed by another connection",
  });
});

test("[L13] another user who has the session id now keeps it", async () => {
  const { login } = await withUsers();
  const old = await login(ann);
  await old.client.close();
  const bob = await login({ ...ann, user: "bob" });
  bob.client.answering();
  const { answer, client } = await login({ token: old.answer.data.resume.token, session_id: "s1" });
  expect(answer).toMatchObject({ data: { code: 100034 } });
  expect(await client.closed).toMatchObject({ code: 4503 });
  expect(await bob.client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L13] a session id alone, or with the credentials of another, takes nothing over", async () => {
  const { login } = await withUsers();
  const holder = (await login(ann)).client.answering();
  for (const data of [ann, { ...ann, user: "bob" }])
    expect((await login(data)).answer).toMatchObject({ data: { code: 100034 } });
  expect(await holder.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

const spoiled: Record<string, (resume: string) => object> = {
  "another session id": (resume) => ({ token: resume, session_id: "s2" }),
  "no session id": (resume) => ({ token: resume }),
  "another user": (resume) => ({ token: resume, session_id: "s1", user: "bob" }),
  "a changed end": (resume) => ({
    token: `${resume.slice(0, -1)}${resume.endsWith("A") ? "B" : "A"}_`,
    session_id: "s1",
  }),
  "a cut end": (resume) => ({ token: resume.slice(0, -2), session_id: "s1" }),
  "no signature": (resume) => ({ token: resume.slice(0, resume.lastIndexOf(".") + 1), session_id: "s1" }),
  "nothing but its beginning": () => ({ token: "rlr1.", session_id: "s1" }),
  "a changed payload": (resume) => {
    const [head, payload, mac] = resume.split(".") as [string, string, string];
    const said = JSON.parse(Buffer.from(payload, "base64url").toString());
    const changed = { ...said, grant: { ...said.grant, user_id: "bob" } };
    const text = Buffer.from(JSON.stringify(changed)).toString("base64url");
    return { token: [head, text, mac].join("."), session_id: "s1" };
  },
};

test.for(Object.keys(spoiled))("[L13] a resume token with %s is refused", async (name) => {
  const { login } = await withUsers();
  const { answer } = await login(ann);
  const data = spoiled[name]?.(answer.data.resume.token) ?? {};
  expect((await login(data)).answer).toMatchObject(refused);
});

test("[L13] it is good for its service, its time, and no longer than the login it stands for", async () => {
  const { login, clock } = await withUsers();
  const long = (await login(ann)).answer.data.resume.token;
  expect((await login({ token: long, session_id: "s1" }, "/b")).answer).toMatchObject(refused);
  const short = (await login({ token: await tokenFor("tim", NOW + 100), session_id: "s2" })).answer;
  expect(short.data).toMatchObject({
    expires_in: expect.any(Number),
    resume: { expires_in: expect.any(Number) },
  });
  expect(short.data.resume.expires_in).toBeLessThanOrEqual(100);
  clock.advance(90_000);
  const resumed = await login({ token: short.data.resume.token, session_id: "s2" });
  expect(resumed.answer.data.expires_in).toBeLessThan(11);
  expect(resumed.answer.data.resume.expires_in).toBeLessThan(11);
  clock.advance(11_000);
  for (const { data } of [short, resumed.answer])
    expect((await login({ token: data.resume.token, session_id: "s2" })).answer).toMatchObject(refused);
  expect((await login({ token: long, session_id: "s1" })).answer).toMatchObject({ result: "ok" });
  clock.advance(300_000);
  expect((await login({ token: long, session_id: "s1" })).answer).toMatchObject(refused);
});

test("[L13] a user who was removed or has another password is refused, rights are those he has now", async () => {
  const { login, change } = await withUsers();
  const resume = (await login(ann)).answer.data.resume.token;
  await change({ users: [{ name: "ann", password, rights: ["room_create"] }] });
  const { answer, client } = await login({ token: resume, session_id: "s1" });
  expect(answer).toMatchObject({ result: "ok" });
  expect(await client.call("media/room/get_list")).toMatchObject(refused);
  await change({ users: [{ name: "ann", password: await hashPassword("secret") }] });
  expect((await login({ token: resume, session_id: "s1" })).answer).toMatchObject(refused);
  await change({ users: [{ name: "bob", password }] });
  expect((await login({ token: resume, session_id: "s1" })).answer).toMatchObject(refused);
  await change({ users: [], authenticators: [jwt] });
  expect((await login({ token: resume, session_id: "s1" })).answer).toMatchObject(refused);
});

test("[L13] what a token said about the session stays, and the client cannot say otherwise", async () => {
  const { login, server } = await withUsers();
  const first = await login({ token: await tokenFor("tim"), session_id: "s2" });
  const resume = first.answer.data.resume.token;
  const said = JSON.parse(Buffer.from(resume.split(".")[1] ?? "", "base64url").toString());
  expect(said.grant).toMatchObject({
    user_id: "tim",
    rights: ["room_read"],
    meta: { role: "pupil" },
    by: "jwt",
  });
  const again = await login({ token: resume, session_id: "s2", meta: { role: "teacher" } });
  expect(await again.client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  expect(await again.client.call("core/user/list")).toMatchObject(refused);
  expect(server.open).toBe(false);
});

test("[L13] open mode and resume_seconds 0 give none", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.connect(url);
  expect(await client.call("core/user/login", { user: "ann" })).toMatchObject({
    data: { session_id: expect.any(String) },
  });
  expect(client.texts.join()).not.toContain("resume");
  const { login, change } = await withUsers();
  const { resume } = (await login(ann)).answer.data;
  await change({ limits: { resume_seconds: 0 } });
  expect((await login({ token: resume.token, session_id: "s1" })).answer).toMatchObject(refused);
  expect((await login({ ...ann, session_id: "s2" })).answer.data).toEqual({ session_id: "s2" });
});

test("[L13] after a restart tokens are still good: the key is kept, for its owner alone", async () => {
  const data = dataDirectory();
  const config: ConfigInput = { data, users: [{ name: "ann", password }] };
  const first = await serverForTest(config);
  const old = await RawClient.connect(first.url);
  const { resume } = (await old.call("core/user/login", ann)).data;
  await first.close();
  const key = join(data, "secret.key");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(readFileSync(key)).toHaveLength(32);
  const second = await serverForTest(config);
  const client = await RawClient.connect(second.url);
  const answer = await client.call("core/user/login", { token: resume.token, session_id: "s1" });
  expect(answer).toMatchObject({ result: "ok" });
  await second.close();
  chmodSync(key, 0o600);
  writeFileSync(key, "short");
  await expect(serverForTest(config)).rejects.toThrow(/secret\.key is not a key of 32 bytes/);
});

test("[L12] a connection is closed with 4005 when its token ends", async () => {
  const { login, clock } = await withUsers();
  const { client, answer } = await login({ token: await tokenFor("tim", NOW + 100) });
  const other = await login(ann);
  expect(answer.data.expires_in).toBeLessThanOrEqual(100);
  clock.advance(answer.data.expires_in * 1000 - 1000);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  for (let second = 0; second < 3; second++) clock.advance(1000);
  expect(await client.closed).toEqual({
    code: 4005,
    reason: "the login has expired: log in with a new token",
  });
  expect(await other.client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L12] a refresh gives the connection the rights and the end of another token", async () => {
  const { login, clock } = await withUsers();
  const all = ["room_create", "room_read", "subscribe", "room_destroy"];
  const { client, answer } = await login({ token: await tokenFor("tim", NOW + 60, all), session_id: "s2" });
  await client.call("core/event/subscribe", { class: "mine", obj_id: "r" });
  const fresh = await tokenFor("tim", NOW + 1000, ["subscribe"]);
  const refreshed = await call(client, clock, "core/user/refresh", { token: fresh });
  expect(refreshed).toMatchObject({ result: "ok", data: { resume: { expires_in: 300 } } });
  expect(refreshed.data.expires_in).toBeGreaterThan(answer.data.expires_in);
  expect(await client.call("media/room/get_list")).toMatchObject(refused);
  const { data } = await client.call("core/event/get_subscriptions");
  expect(data).toContainEqual({ class: "mine", subclass: "*", type: "*", obj_id: "r" });
  for (let second = 0; second < 120; second++) clock.advance(1000);
  expect(await client.call("core/event/get_subscriptions")).toMatchObject({ result: "ok" });
});

test("[L12, E9] what a refresh takes away does not reach the connection, also what waits", async () => {
  const { login, clock } = await withUsers({ limits: { window: 4 } });
  const all = ["room_create", "msglog_send", "msglog_get", "room_read", "subscribe"];
  const { client: tim } = await login({ token: await tokenFor("tim", NOW + 60, all), session_id: "s2" });
  const { client: writer } = await login(ann);
  const inR = (client: RawClient, cmd: string, data: object = {}) =>
    client.call(`media/room/${cmd}`, { room_id: "r", ...data });
  await inR(writer, "create", { class: "chat" });
  await inR(tim, "msglog_subscribe", { after: 0 });
  for (let n = 1; n <= 10; n++) await inR(writer, "msglog_send", { msg: { n } });
  const fresh = await tokenFor("tim", NOW + 60, ["subscribe", "room_read"]);
  expect(await call(tim, clock, "core/user/refresh", { token: fresh })).toMatchObject({ result: "ok" });
  await tim.settled();
  await inR(writer, "msglog_send", { msg: { n: 11 } });
  tim.answering();
  expect(eventsOf(await tim.settled())).toEqual([]);
  expect(tim.texts.filter((text) => text.includes("msglog_new_msg"))).toHaveLength(4);
});

test("[L12] a refresh for another user, or with what is not good, changes nothing", async () => {
  const { login, clock } = await withUsers();
  const { client } = await login({ token: await tokenFor("tim"), session_id: "s2" });
  const other = (await login(ann)).answer.data.resume.token;
  for (const bad of [await tokenFor("ann"), "x", other, await tokenFor("tim", NOW - 60)])
    expect(await call(client, clock, "core/user/refresh", { token: bad })).toMatchObject(refused);
  expect(await client.call("core/user/refresh", {})).toMatchObject({
    data: { code: 100045, field: "token" },
  });
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L13] a refresh with the resume token of the session gives a new one", async () => {
  const { login, clock } = await withUsers();
  const { client, answer } = await login(ann);
  clock.advance(170_000);
  const { data } = await call(client, clock, "core/user/refresh", { token: answer.data.resume.token });
  expect(data).toEqual({ resume: { token: expect.any(String), expires_in: 300 } });
  clock.advance(170_000);
  await client.close();
  expect((await login({ token: answer.data.resume.token, session_id: "s1" })).answer).toMatchObject(refused);
  expect((await login({ token: data.resume.token, session_id: "s1" })).answer).toMatchObject({
    result: "ok",
  });
});

test("[L13, C3] a session that was stopped is not resumed, a later login of the same id is", async () => {
  const { login, clock } = await withUsers();
  const first = await login({ ...ann, session_id: "s1" });
  const { token: stopped } = first.answer.data.resume;
  await first.client.call("core/session/stop", { session_id: "s1" });
  await first.client.closed;
  const refusedLogin = await RawClient.connect(first.url);
  const data = { token: stopped, session_id: "s1" };
  expect(await call(refusedLogin, clock, "core/user/login", data)).toMatchObject(refused);
  clock.wallNow += 1_000_000;
  const again = await login({ ...ann, session_id: "s1" });
  const next = await login({ token: again.answer.data.resume.token, session_id: "s1" });
  expect(next.answer).toMatchObject({ result: "ok" });
});

test("[L13] a day after its login a session cannot be resumed any more, however often it was", async () => {
  const { login, clock } = await withUsers({ limits: { resume_seconds: 86_400 } });
  let { answer } = await login({ ...ann, session_id: "s1" });
  for (const hours of [12, 11]) {
    clock.wallNow += hours * 3600e6;
    answer = (await login({ token: answer.data.resume.token, session_id: "s1" })).answer;
    expect(answer).toMatchObject({ result: "ok" });
  }
  expect(answer.data.resume.expires_in).toBe(3600);
});
