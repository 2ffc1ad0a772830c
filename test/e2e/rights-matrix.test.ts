import { commands } from "@roomlog/protocol/commands";
import { beforeEach, expect, test } from "vitest";
import { people } from "../support/people.ts";
import { type Frame, RawClient } from "../support/raw-client.ts";

/**
 * Every command of the table for every kind of user, in a room of theirs, in one that lets in only who is invited, and
 * in one that does not exist. The expectations are written down here, apart from the code.
 */

/** A right to create rooms is everybody's here, so that what a room says is all that differs. */
const WITH_GRANTS = ["user", "viewer", "member", "moderator", "owner", "banned", "muted", "admin"] as const;
/** `guest` may everything that a participant may, in his own room only; `stranger` may nothing. */
const USERS = ["stranger", "guest", ...WITH_GRANTS] as const;
type User = (typeof USERS)[number];

/** Roles and sentences in the room of their own; the others have none. */
const ROLES: { readonly [user in User]?: string } = {
  viewer: "viewer",
  member: "member",
  moderator: "moderator",
  owner: "owner",
};

const READERS: readonly User[] = [
  "guest",
  "user",
  "viewer",
  "member",
  "moderator",
  "owner",
  "muted",
  "admin",
];
const SPEAKERS = READERS.filter((user) => user !== "viewer" && user !== "muted");
const MODERATORS: readonly User[] = ["moderator", "owner", "admin"];
const OWNERS: readonly User[] = ["owner", "admin"];

interface InRoom {
  readonly data?: object;
  /** Who may, in a room of his own. */
  readonly may: readonly User[];
  /** What they are answered there, and where there is no room; `ok` or a code. */
  readonly answer?: "ok" | number;
  readonly missing?: "ok" | number;
  /** Whether only grants count: what the room says makes no difference, so it tells nothing (R10). */
  readonly byGrants?: true;
  /** Whether a voice is needed. */
  readonly speaks?: true;
}

/** Commands that name a room. */
const inRooms: { readonly [command: string]: InRoom } = {
  "media/room/update": { data: { retention: {} }, may: OWNERS },
  "media/room/destroy": { may: OWNERS },
  "media/room/get_info": { may: READERS },
  "media/room/join": { may: READERS },
  "media/room/leave": { byGrants: true, may: READERS, answer: 100036, missing: 100036 },
  "media/room/grant": { data: { user_id: "x", role: "member" }, may: MODERATORS },
  "media/room/get_roles": { may: MODERATORS },
  "media/room/kick": { data: { user_id: "x" }, may: MODERATORS, answer: 100036 },
  "media/room/ban": { data: { user_id: "x" }, may: MODERATORS },
  "media/room/mute": { data: { user_id: "x" }, may: MODERATORS },
  "media/room/set_access": { may: MODERATORS },
  "media/room/set_status": { data: { class: "c", data: {} }, may: SPEAKERS, speaks: true },
  "media/room/send_info": { data: { info: "i" }, may: SPEAKERS, speaks: true },
  "media/room/msglog_set_schema": { data: { type: "t", schema: {} }, may: OWNERS },
  "media/room/msglog_schemas": { may: READERS },
  "media/room/msglog_send": { data: { msg: {} }, may: SPEAKERS, speaks: true },
  "media/room/msglog_edit": {
    data: { msg_id: 9, msg: {} },
    may: SPEAKERS,
    answer: 304110,
    missing: 304001,
    speaks: true,
  },
  "media/room/msglog_delete": {
    data: { msg_id: 9 },
    may: READERS.filter((user) => user !== "viewer"),
    answer: 304110,
    missing: 304001,
  },
  "media/room/msglog_get": { may: READERS },
  "media/room/msglog_mark": { data: { msg_id: 9 }, may: READERS, answer: 304110 },
  "media/room/msglog_marks": { may: READERS },
  "media/room/msglog_subscribe": { may: READERS },
  "media/room/msglog_unsubscribe": { byGrants: true, may: READERS, missing: "ok" },
  "media/room/msglog_replay": { may: READERS },
  "media/room/msglog_replay_set": { data: { replay: 9 }, may: READERS, answer: 100044, missing: 100044 },
  "media/room/msglog_replay_stop": { data: { replay: 9 }, byGrants: true, may: READERS, missing: "ok" },
  "media/room/msglog_info": { may: READERS },
  "media/room/msglog_epochs": { may: READERS },
  "media/room/msglog_digest": { may: READERS },
  "media/room/msglog_purge": { may: OWNERS },
  "media/room/msglog_hold": { data: { hold: false }, may: ["admin"], missing: "ok" },
};

interface Elsewhere {
  readonly data?: object;
  readonly may: readonly User[];
  readonly answer?: "ok" | number;
}

const PARTICIPANTS: readonly User[] = USERS.filter((user) => user !== "stranger");
const EVERYWHERE: readonly User[] = WITH_GRANTS;
const ADMIN: readonly User[] = ["admin"];
const ANYBODY: readonly User[] = USERS;

/** Commands that name none, or one that is new. */
const elsewhere: { readonly [command: string]: Elsewhere } = {
  "core/user/login": { data: { user: "x" }, may: ANYBODY, answer: 100032 },
  /** The token is no good. */
  "core/user/refresh": { data: { token: "x" }, may: [] },
  "core/core/ping": { may: ANYBODY },
  "core/user/list": { may: ADMIN },
  "core/user/get": { data: { user: "maker" }, may: ADMIN },
  "core/user/send_event": { data: { user: "x" }, may: EVERYWHERE },
  "core/session/send_event": { data: { session_id: "x" }, may: EVERYWHERE },
  "core/session/stop": { data: { session_id: "x" }, may: ADMIN, answer: 100062 },
  "core/session/cmd": { data: { session_id: "x", class: "c", cmd: "c" }, may: ADMIN, answer: 100062 },
  "core/session/log": { data: { source: "s", message: "m" }, may: EVERYWHERE },
  "core/callback/register": { data: { callback: "send", class: "none" }, may: [] },
  "core/server/info": { may: ANYBODY },
  "core/server/reload": { may: ADMIN },
  "media/room/msglog_unread": { may: PARTICIPANTS },
  "core/webhook/list": { may: ADMIN },
  "core/webhook/dead_letters": { may: ADMIN },
  "core/webhook/retry": { data: { letter: 1 }, may: ADMIN, answer: 100044 },
  "core/event/send": { data: { class: "mine" }, may: EVERYWHERE },
  "core/core/event": { data: { class: "mine" }, may: EVERYWHERE },
  "core/event/subscribe": { data: { class: "mine" }, may: PARTICIPANTS },
  "core/event/unsubscribe": { data: { class: "mine" }, may: PARTICIPANTS },
  "core/event/get_subscriptions": { may: PARTICIPANTS },
  "media/room/create": { data: { class: "chat" }, may: EVERYWHERE },
  "media/room/msglog_erase_user": { data: { user_id: "x", dry_run: true }, may: ADMIN },
  "media/room/msglog_erasures": { may: ADMIN },
  "media/room/get_list": { data: { limit: 1 }, may: PARTICIPANTS },
};

const ALL_BY_NAME = [
  "users",
  "session_stop",
  "session_cmd",
  "msglog_purge",
  "msglog_erase",
  "msglog_hold",
  "msglog_schema",
  "room_update",
  "room_destroy",
];

async function stage() {
  const grants = Object.fromEntries(WITH_GRANTS.map((user) => [user, ["*"]]));
  const server = await people(
    {
      ...grants,
      maker: ["*"],
      stranger: [],
      guest: [{ right: "*", rooms: "own-guest" }],
      admin: ["*", "admin", "webhooks", ...ALL_BY_NAME, "room_moderate", "room_own"],
    },
    { store: { kind: "memory" } },
  );
  return { ...server, maker: await server.login("maker") };
}

let all: Awaited<ReturnType<typeof stage>>;
beforeEach(async () => {
  all = await stage();
});

async function outcome(client: RawClient, name: string, data: object): Promise<"ok" | number> {
  const answer: Frame = await client.call(name, data);
  return answer.result === "ok" ? "ok" : answer.data.code;
}

/** A room in which the user is what his name says. */
async function ownRoom(user: User): Promise<string> {
  const room_id = `own-${user}`;
  const call = (cmd: string, data: object) => outcome(all.maker, `media/room/${cmd}`, { room_id, ...data });
  expect(await call("create", { class: "chat" })).toBe("ok");
  if (ROLES[user]) expect(await call("grant", { user_id: user, role: ROLES[user] })).toBe("ok");
  if (user === "banned") expect(await call("ban", { user_id: user })).toBe("ok");
  if (user === "muted") expect(await call("mute", { user_id: user })).toBe("ok");
  return room_id;
}

function inOwnRoom(user: User, name: string): "ok" | number {
  const { may, answer = "ok", speaks, byGrants } = inRooms[name] as InRoom;
  if (byGrants && user !== "guest") return outside(user, name);
  if (may.includes(user)) return answer;
  if (user === "banned") return outside(user, name);
  if (user === "muted" && speaks) return 304107;
  return 100030;
}

/** Where a user is not let in, it is to him as if there were no room: what he may depends on his grants alone. */
function outside(user: User, name: string): "ok" | number {
  const byName = [
    "msglog_purge",
    "msglog_schema",
    "msglog_hold",
    "room_update",
    "room_destroy",
    "room_moderate",
  ];
  const { right } = commands[name as keyof typeof commands] as { readonly right: string };
  if (user === "stranger" || user === "guest") return 100030;
  if (byName.includes(right) && user !== "admin") return 100030;
  const { byGrants, answer = "ok" } = inRooms[name] as InRoom;
  return byGrants ? answer : 304001;
}

function inMissingRoom(user: User, name: string): "ok" | number {
  const answer = outside(user, name);
  return answer === 304001 ? (inRooms[name]?.missing ?? 304001) : answer;
}

test("[L8] every command of the table has its place in the matrix", () => {
  expect(Object.keys({ ...inRooms, ...elsewhere }).sort()).toEqual(Object.keys(commands).sort());
});

test.for(Object.keys(inRooms))("[R8, R10] %s: who may, in which room", async (name) => {
  const { data = {} } = inRooms[name] as InRoom;
  await all.maker.call("media/room/create", {
    class: "chat",
    room_id: "closed",
    access: { join: "invited" },
  });
  for (const user of USERS) {
    const client = await all.login(user);
    const at = (room_id: string) => outcome(client, name, { room_id, ...data });
    const seen = {
      missing: await at("missing"),
      closed: await at("closed"),
      own: await at(await ownRoom(user)),
    };
    const expected = {
      missing: inMissingRoom(user, name),
      // Whom no room keeps out: he comes last, since some commands end the room.
      closed: user === "admin" ? inOwnRoom(user, name) : outside(user, name),
      own: inOwnRoom(user, name),
    };
    expect([user, seen]).toEqual([user, expected]);
  }
});

test.for(Object.keys(elsewhere))("[L8] %s: who may", async (name) => {
  const { data = {}, may, answer = "ok" } = elsewhere[name] as Elsewhere;
  for (const user of USERS) {
    const seen = await outcome(await all.login(user), name, data);
    expect([user, seen]).toEqual([user, may.includes(user) ? answer : 100030]);
  }
});

test.for(Object.keys(commands).filter((name) => name !== "core/user/login"))(
  "[L1] %s before login is 100031",
  async (name) => {
    const client = await RawClient.connect(all.url);
    const { data = {} } = inRooms[name] ?? elsewhere[name] ?? {};
    expect(await outcome(client, name, { room_id: "r", ...data })).toBe(100031);
  },
);
