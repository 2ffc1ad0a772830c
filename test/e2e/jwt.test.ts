import { createHmac, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { CompactEncrypt, exportJWK, type JWTPayload, SignJWT } from "jose";
import type { ConfigInput } from "roomlog";
import { definePlugin, type Grant } from "roomlog/plugin";
import { expect, onTestFinished, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";
import { encoded, inSeconds, jitsi, liveKit, SECRET, token } from "../support/tokens.ts";

const memory = { store: { kind: "memory" } } as const;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const public_key = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();

type AuthenticatorInput = NonNullable<ConfigInput["authenticators"]>[number];
type JwtInput = Extract<AuthenticatorInput, { kind: "jwt" }>;

const claims = { iss: "issuer", aud: "roomlog", sub: "ann" };
const byClaims: JwtInput = {
  kind: "jwt",
  issuer: "issuer",
  audience: "roomlog",
  keys: [
    { kid: "main", algorithm: "HS256", secret: SECRET },
    { kid: "rsa", algorithm: "RS256", public_key },
  ],
};
const byLiveKit: JwtInput = {
  kind: "jwt",
  profile: "livekit",
  issuer: "APIabc",
  keys: [{ algorithm: "HS256", secret: SECRET }],
};
const byJitsi: JwtInput = {
  kind: "jwt",
  profile: "jitsi",
  issuer: "my_app",
  audience: "jitsi",
  keys: [
    { algorithm: "HS256", secret: SECRET },
    { algorithm: "RS256", public_key },
  ],
};

/** A server that takes tokens, and the grants it has given. */
async function server(authenticator: JwtInput) {
  const grants: (Grant | undefined)[] = [];
  const metas: unknown[] = [];
  const watch = definePlugin({
    name: "watch",
    setup: () => ({
      hooks: {
        "core.login": async (credentials, next) => {
          const grant = await next(credentials);
          grants.push(grant);
          return grant;
        },
        "core.opened": (session, next) => {
          metas.push(session.identity.meta && JSON.parse(session.identity.meta.text));
          next(session);
        },
      },
    }),
  });
  const services = { main: { plugins: ["core", "room", "msglog", "watch"] } };
  const config = { ...memory, authenticators: [authenticator], services };
  const { url } = await serverForTest(config, { plugins: [watch] });
  const login = async (data: object) => {
    const client = await RawClient.connect(url);
    return { client, answer: await client.call("core/user/login", data) };
  };
  return { login, grants, metas };
}

/** A grant's rights by where they hold. */
function rightsOf(grant: Grant | undefined) {
  const byPlace = Map.groupBy(grant?.rights ?? [], (right) =>
    typeof right === "string" ? "everywhere" : right.rooms,
  );
  return Object.fromEntries(
    Array.from(byPlace, ([place, rights]) => [
      place,
      rights.map((right) => (typeof right === "string" ? right : right.right)).sort(),
    ]),
  );
}

const TALK = ["msglog_send", "msglog_edit", "msglog_delete", "room_info", "room_status"];
const LISTEN = ["msglog_get", "msglog_history", "room_read", "subscribe"];
const MODERATE = ["*", "msglog_purge", "msglog_delete_any", "room_moderate", "room_update"];
const PARTICIPANT = ["room_join", ...TALK, ...LISTEN].sort();
const MODERATOR = [...PARTICIPANT, ...MODERATE].sort();

test("[L14] a good token logs its user in, with the end of the token", async () => {
  const { login, grants } = await server({ ...byClaims, rights: ["room_read"] });
  const exp = inSeconds(600);
  const { answer } = await login({ token: await token({ ...claims, exp }, { kid: "main" }) });
  expect(answer).toMatchObject({ result: "ok", data: { expires_in: expect.any(Number) } });
  expect(grants).toEqual([{ user_id: "ann", rights: ["room_read"], meta: {}, expires_at: exp, by: "jwt" }]);
});

test("[L14] claims of any name give user, rights and meta; the client's meta cannot stand in for them", async () => {
  const names = { user_claim: "uid", rights_claim: "may", meta_claim: "about" };
  const { login, grants, metas } = await server({ ...byClaims, ...names, rights: ["room_read"] });
  const may = ["subscribe", { right: "msglog_send", rooms: "algebra" }];
  const mine = { ...claims, uid: "bob", may, about: { role: "pupil" } };
  await login({ token: await token(mine, { kid: "main" }), meta: { role: "teacher", seat: 3 } });
  expect(rightsOf(grants[0])).toEqual({ everywhere: ["room_read", "subscribe"], algebra: ["msglog_send"] });
  expect(metas).toEqual([{ role: "pupil", seat: 3 }]);
});

test("[L14] what the bad tokens below are made of is good, up to 8 KiB", async () => {
  const { login } = await server(byClaims);
  for (const pad of ["", "x".repeat(5900)])
    expect((await login({ token: main({ pad }) })).answer).toMatchObject({ result: "ok" });
  expect((await login({ token: main({ pad: "x".repeat(6100) }) })).answer).toMatchObject({
    data: { code: 100030 },
  });
});

test("[L14] a user beside the token is the token's", async () => {
  const { login } = await server(byClaims);
  const good = await token(claims, { kid: "main" });
  expect((await login({ token: good, user: "bob" })).answer).toMatchObject({ data: { code: 100030 } });
  expect((await login({ token: good, user: "ann" })).answer).toMatchObject({ result: "ok" });
});

const parts = async () => (await token(claims, { kid: "main" })).split(".") as [string, string, string];
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const good = { exp: inSeconds(3600), ...claims };
const signed = (header: object, payload: object, secret: string | Buffer = SECRET) => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};
const main = (more: object) => signed({ alg: "HS256", kid: "main" }, { ...good, ...more });
const byStranger = (header: object) =>
  new SignJWT(good).setProtectedHeader({ alg: "RS256", ...header }).sign(stranger.privateKey);

/** What attackers try, and what goes wrong by itself. */
const badTokens: Record<string, () => string | Promise<string>> = {
  "alg none": () => `${part({ alg: "none" })}.${part(good)}.`,
  "alg None with a signature": () => signed({ alg: "None", kid: "main" }, good),
  "no alg": () => signed({ kid: "main" }, good),
  "the public key as an HMAC secret": () => signed({ alg: "HS256", kid: "rsa" }, good, public_key),
  "the public key as an HMAC secret, without kid": () => signed({ alg: "HS256" }, good, public_key),
  "another algorithm than the key's": () => signed({ alg: "HS512", kid: "main" }, good),
  "no kid where every key has one": () => signed({ alg: "HS256" }, good),
  "kid as a path": () => signed({ alg: "HS256", kid: "../../../../dev/null" }, good, Buffer.alloc(1)),
  "kid as SQL": () => signed({ alg: "HS256", kid: "x' UNION SELECT 'key" }, good, "key"),
  "kid of Object.prototype": () => signed({ alg: "HS256", kid: "__proto__" }, good),
  "kid that is no string": () => signed({ alg: "HS256", kid: ["main"] }, good),
  "jku to the attacker": () => byStranger({ kid: "rsa", jku: "http://127.0.0.1:1/keys" }),
  "x5u to the attacker": () => byStranger({ kid: "rsa", x5u: "http://127.0.0.1:1/cert" }),
  "jwk of the attacker": async () => byStranger({ kid: "rsa", jwk: await exportJWK(stranger.publicKey) }),
  "x5c of the attacker": () => byStranger({ kid: "rsa", x5c: ["MIIB"] }),
  expired: () => main({ exp: inSeconds(-60) }),
  "nbf in the future": () => main({ nbf: inSeconds(60) }),
  "another issuer": () => main({ iss: "issuer2" }),
  "no issuer": () => main({ iss: undefined }),
  "another audience": () => main({ aud: ["roomlog2"] }),
  "no audience": () => main({ aud: undefined }),
  "no exp": () => main({ exp: undefined }),
  "exp as text": () => main({ exp: String(good.exp) }),
  "exp null": () => main({ exp: null }),
  "exp in milliseconds": () => main({ exp: good.exp * 1000 }),
  "huge exp": () => main({ exp: 1e300 }),
  "no user": () => main({ sub: undefined }),
  "a user that is no name": () => main({ sub: "*" }),
  "a cut signature": async () => (await token(claims, { kid: "main" })).slice(0, -4),
  "no signature": async () => `${(await parts()).slice(0, 2).join(".")}.`,
  "the key of somebody else": () => signed({ alg: "HS256", kid: "main" }, good, "x".repeat(32)),
  "a changed payload": async () =>
    [(await parts())[0], part({ ...good, sub: "root" }), (await parts())[2]].join("."),
  "empty parts": () => "..",
  nothing: () => "",
  "two parts": async () => (await parts()).slice(0, 2).join("."),
  "four parts": async () => [...(await parts()), "x"].join("."),
  "no base64": () => "a b.c d.e f",
  "a header that is no object": () => `${Buffer.from("[1]").toString("base64url")}.${part(good)}.AA`,
  "a payload that is no object": () => signed({ alg: "HS256", kid: "main" }, [good]),
  "an encrypted token": () =>
    new CompactEncrypt(encoded(JSON.stringify(good)))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: "main" })
      .encrypt(encoded(SECRET.slice(0, 32))),
  "12 KB": () => main({ pad: "x".repeat(9000) }),
  "crit with an unknown header": () => signed({ alg: "HS256", kid: "main", crit: ["x"], x: 1 }, good),
  "b64 false": () => signed({ alg: "HS256", kid: "main", crit: ["b64"], b64: false }, good),
  "a right in a pattern of rooms": () => main({ may: [{ right: "msglog_get", rooms: "*" }] }),
  "a right that is none": () => main({ may: [{ right: 5, rooms: "a" }] }),
  "rights that are no list": () => main({ may: "admin" }),
  "meta that is no object": () => main({ about: ["x"] }),
};

test.for(Object.keys(badTokens))("[L14] refused: %s", async (name) => {
  const { login, grants } = await server({ ...byClaims, rights_claim: "may", meta_claim: "about" });
  const { answer } = await login({ token: await badTokens[name]?.() });
  expect(answer).toMatchObject({ data: { code: 100030, error: "Unauthorized" } });
  expect(grants).toEqual([undefined]);
});

test("[L14, F10] a token of 100 KB is not even looked at", async () => {
  const { login, grants } = await server(byClaims);
  const { answer } = await login({ token: main({ pad: "x".repeat(75_000) }) });
  expect(answer).toMatchObject({ data: { code: 100044, field: "token" } });
  expect(grants).toEqual([]);
});

test("[L14] a header that names a key elsewhere is ignored: the key is the configured one", async () => {
  const { login } = await server(byClaims);
  const header = { alg: "RS256", kid: "rsa", jku: "http://127.0.0.1:1/keys" };
  const mine = await new SignJWT(good).setProtectedHeader(header).sign(rsa.privateKey);
  expect((await login({ token: mine })).answer).toMatchObject({ result: "ok" });
});

test("[L14] jwks_url: keys are fetched once; without them nobody can decide", async () => {
  const keys = [{ ...(await exportJWK(rsa.publicKey)), kid: "k1", alg: "RS256", use: "sig" }];
  let asked = 0;
  let works = false;
  const issuer = createServer((_request, response) => {
    asked += 1;
    response.writeHead(works ? 200 : 500).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void issuer.close());
  const { port } = issuer.address() as { port: number };
  const { keys: _, ...rest } = byClaims;
  const { login } = await server({ ...rest, jwks_url: `http://127.0.0.1:${port}/keys` });
  const of = (header: object, key = rsa.privateKey) =>
    new SignJWT(good).setProtectedHeader({ alg: "RS256", kid: "k1", ...header }).sign(key);
  const busy = { data: { code: 100050, retry_after_ms: expect.any(Number) } };
  expect((await login({ token: await of({}) })).answer).toMatchObject(busy);
  works = true;
  asked = 0;
  for (let i = 0; i < 3; i++)
    expect((await login({ token: await of({}) })).answer).toMatchObject({ result: "ok" });
  const refused = { data: { code: 100030 } };
  expect((await login({ token: await of({ kid: "k2" }) })).answer).toMatchObject(refused);
  expect((await login({ token: await of({}, stranger.privateKey) })).answer).toMatchObject(refused);
  expect(
    (await login({ token: signed({ alg: "HS256", kid: "k1" }, good, public_key) })).answer,
  ).toMatchObject(refused);
  expect(asked).toBe(1);
});

test.for<[string, object, object]>([
  ["joins", { roomJoin: true, room: "algebra" }, { algebra: PARTICIPANT }],
  [
    "may only listen",
    { roomJoin: true, room: "algebra", canPublish: true, canPublishData: false },
    { algebra: ["room_join", ...LISTEN].sort() },
  ],
  [
    "may not publish anything",
    { roomJoin: true, room: "algebra", canPublish: false },
    { algebra: ["room_join", ...LISTEN].sort() },
  ],
  [
    "may publish data alone",
    { roomJoin: true, room: "algebra", canPublish: false, canPublishData: true, canSubscribe: false },
    { algebra: ["room_join", ...TALK].sort() },
  ],
  ["may not join", { room: "algebra", canPublishData: true, canSubscribe: true }, {}],
  ["names no room", { roomJoin: true, roomAdmin: true }, {}],
  ["moderates", { roomJoin: true, roomAdmin: true, room: "algebra" }, { algebra: MODERATOR }],
  [
    "makes and lists rooms",
    { roomCreate: true, roomList: true },
    { everywhere: ["room_create", "room_destroy", "room_read"] },
  ],
  [
    "has flags that are no booleans",
    { roomJoin: "true", roomAdmin: 1, roomCreate: "yes", room: "algebra" },
    {},
  ],
])("[L15] a LiveKit token that %s has exactly these rights", async ([, video, rights]) => {
  const { login, grants } = await server(byLiveKit);
  const { answer } = await login({ token: await token(liveKit(video)) });
  expect(answer).toMatchObject({ result: "ok" });
  expect(grants[0]).toMatchObject({ user_id: "ann", meta: { name: "Ann", metadata: '{"seat":4}' } });
  expect(rightsOf(grants[0])).toEqual(rights);
});

test.for<[string, JWTPayload]>([
  ["a pattern for a room", liveKit({ roomJoin: true, room: "*" })],
  ["the beginning of rooms", liveKit({ roomJoin: true, room: "team-*" })],
  ["no video", { ...liveKit({}), video: undefined }],
  ["no identity", liveKit({ roomList: true }, { sub: "" })],
  ["another API key", liveKit({ roomJoin: true, room: "algebra" }, { iss: "APIxyz" })],
])("[L15] a LiveKit token with %s is refused", async ([, payload]) => {
  const { login } = await server(byLiveKit);
  expect((await login({ token: await token(payload) })).answer).toMatchObject({ data: { code: 100030 } });
});

test.for<[string, JWTPayload, object]>([
  ["for one room", jitsi(), { algebra: PARTICIPANT }],
  ["for every room", jitsi({ room: "*" }), { "*": PARTICIPANT }],
  ["of a moderator", jitsi({}, { moderator: "true" }), { algebra: MODERATOR }],
  ["of a moderator, said outside", jitsi({ moderator: true }), { algebra: MODERATOR }],
  ["of no moderator", jitsi({ moderator: "false" }, { moderator: false }), { algebra: PARTICIPANT }],
])("[L15] a Jitsi token %s has exactly these rights", async ([, payload, rights]) => {
  const { login, grants } = await server(byJitsi);
  const byRsa = new SignJWT({ exp: inSeconds(60), ...payload });
  const tokens = [
    await token(payload),
    await byRsa.setProtectedHeader({ alg: "RS256", kid: "jitsi/key", typ: "JWT" }).sign(rsa.privateKey),
  ];
  for (const one of tokens) expect((await login({ token: one })).answer).toMatchObject({ result: "ok" });
  for (const grant of grants) {
    expect(grant).toMatchObject({ user_id: "u-7", meta: { name: "Ann" } });
    expect(rightsOf(grant)).toEqual(rights);
  }
});

test.for<[string, JWTPayload]>([
  ["no room", jitsi({ room: undefined })],
  ["the beginning of rooms", jitsi({ room: "team-*" })],
  ["no user id", jitsi({}, { id: undefined })],
  ["no context", jitsi({ context: undefined })],
  ["another tenant", jitsi({ sub: "elsewhere.example.org" })],
  ["another audience", jitsi({ aud: "other" })],
])("[L15] a Jitsi token with %s is refused", async ([, payload]) => {
  const { login } = await server({ ...byJitsi, tenant: "meet.example.org" });
  expect((await login({ token: await token(payload) })).answer).toMatchObject({ data: { code: 100030 } });
  for (const sub of ["meet.example.org", "*"])
    expect((await login({ token: await token(jitsi({ sub })) })).answer).toMatchObject({ result: "ok" });
});

test.for<[string, Partial<JwtInput>, RegExp]>([
  ["neither keys nor jwks_url", { keys: [] }, /either keys or jwks_url/],
  ["a secret for RS256", { keys: [{ algorithm: "RS256", secret: "x" }] }, /the others a public_key/],
  [
    "a key that is none",
    { keys: [{ algorithm: "RS256", public_key: "x" }] },
    /authenticators\.0\.keys\.0\.public_key/,
  ],
  [
    "a key of another kind",
    { keys: [{ algorithm: "ES256", public_key }] },
    /ES256 needs a key of the kind ec/,
  ],
  ["no audience", { audience: undefined }, /audience/],
  [
    "published keys without TLS",
    { keys: [], jwks_url: "http://example.org/keys" },
    /https, or with http on this/,
  ],
])("[L14] %s is a wrong configuration", async ([, change, message]) => {
  const { audience, ...rest } = { ...byClaims, ...change };
  const authenticator = { ...rest, ...(audience !== undefined && { audience }) } as JwtInput;
  await expect(serverForTest({ ...memory, authenticators: [authenticator] })).rejects.toThrow(message);
});
