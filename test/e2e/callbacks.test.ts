import { beforeAll, expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { type Frame, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

let password: string;

beforeAll(async () => {
  password = await hashPassword("x");
});

/** A server with the users "program" (right callback) and "ann", and a connection for each. */
async function stage(core: object = {}, limits: object = {}) {
  const clock = new ManualClock();
  const users = [
    { name: "program", password, rights: ["callback", "users", "*"] },
    { name: "ann", password },
  ];
  const services = { main: { core } };
  const { url } = await serverForTest({ store: { kind: "memory" }, users, services, limits }, { clock });
  const login = async (user: string) => {
    const client = await RawClient.connect(url);
    const answer = await client.call("core/user/login", { user, password: "x" });
    return { client, answer };
  };
  const program = async () => (await login("program")).client;
  return { url, clock, login, program };
}

/** Answers the next question; gives back what was asked. */
async function decide(program: RawClient, answer: object): Promise<Frame> {
  const question = await program.until(({ subclass }) => subclass === "callback");
  program.send({ result: "ok", data: answer, tid: question.tid });
  return question;
}

test("[C9] a program decides room creations and sends", async () => {
  const { login, program } = await stage();
  const decider = await program();
  for (const callback of ["create", "send"]) await decider.call("core/callback/register", { callback });
  const { client: ann } = await login("ann");

  const refused = ann.call("media/room/create", { class: "chat", room_id: "no" });
  expect(await decide(decider, { authorized: false, reason: "no" })).toMatchObject({
    class: "core",
    subclass: "callback",
    cmd: "create",
    data: { user_id: "ann", session_id: expect.any(String), room_id: "no", class: "chat" },
  });
  expect((await refused).data).toEqual({ code: 100030, error: "Unauthorized" });

  const created = ann.call("media/room/create", { class: "chat", room_id: "r" });
  await decide(decider, { authorized: true });
  expect(await created).toMatchObject({ data: { room_id: "r" } });

  const sent = ann.call("media/room/msglog_send", { room_id: "r", msg: { a: 1 } });
  expect((await decide(decider, { authorized: true })).data).toMatchObject({
    room_id: "r",
    msg: { a: 1 },
    user_id: "ann",
  });
  expect(await sent).toMatchObject({ data: { msg_id: 1 } });
});

test("[C9] a program decides subscriptions, of its class only when it says so", async () => {
  const { login, program } = await stage();
  const decider = await program();
  await decider.call("core/callback/register", { callback: "subscribe", class: "media" });
  const { client: ann } = await login("ann");
  const refused = ann.call("core/event/subscribe", { class: "media", obj_id: "r" });
  expect((await decide(decider, { authorized: false })).data).toMatchObject({
    class: "media",
    obj_id: "r",
    user_id: "ann",
  });
  expect(await refused).toMatchObject({ data: { code: 100030 } });
  // Nobody is there for other classes: the fallback denies.
  expect(await ann.call("core/event/subscribe", { class: "app" })).toMatchObject({ data: { code: 100030 } });
});

test("[C9] a program decides logins: who, with which session id, and what he may do", async () => {
  const { url, program } = await stage({ callbacks: ["login"] });
  const decider = await program();
  await decider.call("core/callback/register", { callback: "login" });
  const guest = await RawClient.connect(url);
  const answer = guest.call("core/user/login", { token: "t0k3n" });
  expect(
    (await decide(decider, { authorized: true, user: "guest-1", session_id: "g1", grants: ["room_read"] }))
      .data,
  ).toEqual({
    token: "t0k3n",
  });
  expect(await answer).toMatchObject({ data: { session_id: "g1" } });
  expect(await guest.call("media/room/get_list")).toMatchObject({ result: "ok" });
  expect(await guest.call("media/room/create", { class: "chat" })).toMatchObject({ data: { code: 100030 } });
  expect((await decider.call("core/user/list")).data).toMatchObject({ "guest-1": ["g1"] });
});

test("[C9] several programs are asked in turn", async () => {
  const { login, program } = await stage();
  const deciders = [await program(), await program()] as const;
  for (const each of deciders) await each.call("core/callback/register", { callback: "create" });
  const { client: ann } = await login("ann");
  for (const [i, decider] of [...deciders, ...deciders].entries()) {
    const answer = ann.call("media/room/create", { class: "chat", room_id: `r${i}` });
    await decide(decider, { authorized: true });
    expect(await answer).toMatchObject({ data: { room_id: `r${i}` } });
  }
});

test.for([
  ["deny", { data: { code: 100030 } }],
  ["allow", { result: "ok" }],
] as const)(
  "[C9] without a connection, or an answer in time, the fallback %s decides",
  async ([callback_fallback, expected]) => {
    const { login, program, clock } = await stage({
      callbacks: ["create"],
      callback_fallback,
      callback_seconds: 3,
    });
    const { client: ann } = await login("ann");
    expect(await ann.call("media/room/create", { class: "chat" })).toMatchObject(expected);

    const decider = await program();
    await decider.call("core/callback/register", { callback: "create" });
    const late = ann.call("media/room/create", { class: "chat" });
    await decider.until(({ subclass }) => subclass === "callback");
    for (let ms = 0; ms < 3000; ms += 100) clock.advance(100);
    expect(await late).toMatchObject(expected);

    const odd = ann.call("media/room/create", { class: "chat" });
    await decide(decider, { authorised: "yes" });
    expect(await odd).toMatchObject(expected);

    const leaving = ann.call("media/room/create", { class: "chat" });
    await decider.until(({ subclass }) => subclass === "callback");
    await decider.close();
    expect(await leaving).toMatchObject(expected);
  },
);

test("[C9] registering needs the right callback, which open mode does not give", async () => {
  const { login } = await stage();
  const { client: ann } = await login("ann");
  expect(await ann.call("core/callback/register", { callback: "send" })).toMatchObject({
    data: { code: 100030 },
  });
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const open = await RawClient.login(url);
  expect(await open.call("core/callback/register", { callback: "send" })).toMatchObject({
    data: { code: 100030 },
  });
});

test("[C9] a connection registers for at most limits.subscriptions classes of a name", async () => {
  const { program } = await stage({}, { subscriptions: 3 });
  const [one, other] = [await program(), await program()];
  const register = (client: RawClient, cls: string, callback = "send") =>
    client.call("core/callback/register", { callback, class: cls });
  for (const cls of ["a", "b", "c"]) expect(await register(one, cls)).toMatchObject({ result: "ok" });
  expect((await register(one, "d")).data).toEqual({ code: 100050, error: "Too many requests", limit: 3 });
  expect(await register(one, "a")).toMatchObject({ result: "ok" });
  expect(await register(one, "d", "create")).toMatchObject({ result: "ok" });
  expect(await register(other, "d")).toMatchObject({ result: "ok" });
});
