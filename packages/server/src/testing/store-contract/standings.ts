import assert from "node:assert/strict";
import type { RoomAccess } from "@roomlog/protocol";
import type { SetMute, SetRole, Standings, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, done, one, roomNotFound, trim, trimmed } from "./samples.ts";

const FIRST = { ...one, epoch: "first life" };
const ANN = { user_id: "ann" };

function role(part: Partial<SetRole> = {}): SetRole {
  return { kind: "set_role", ...one, ...ANN, role: "member", ...part };
}

function mute(part: Partial<SetMute> = {}): SetMute {
  return { kind: "set_mute", ...one, ...ANN, muted: true, ...part };
}

const since = { kind: "set_since", ...one, ...ANN } as const;

/** What the living room says of ann. */
async function ann(store: Store) {
  return (await store.standing({ ...one, ...ANN }))?.standing;
}

/** All of a service, read in slices of `most`. */
async function all(store: Store, most: number): Promise<Standings["standings"]> {
  const found = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const slice: Standings = await store.standings({ service: one.service, from, most });
    found.push(...slice.standings);
    from = slice.next;
  }
  return found;
}

/** What `standing`, `standings` and the writes behind them promise. */
export const standingCases: readonly StoreCase[] = [
  storeCase("[R8] who is said to own a room when it is created does", async (store) => {
    await store.commit([{ ...create(one), owner: "ann" }]);
    assert.deepEqual(await ann(store), { role: "owner" });
    assert.deepEqual(await store.standing({ ...one, user_id: "bob" }), { standing: {} });
  }),

  storeCase("there is no standing in a room that does not exist", async (store) => {
    assert.equal(await store.standing({ ...one, ...ANN }), undefined);
    const writes = [role(), mute(), since, { kind: "change_access", ...one, change: {} }] as const;
    assert.deepEqual(await store.commit(writes), [roomNotFound, roomNotFound, roomNotFound, roomNotFound]);
  }),

  storeCase("[R8, R9] role and mute are set and taken away apart from each other", async (store) => {
    await store.commit([create(one), role({ role: "banned", until: 7 }), mute({ until: 8 })]);
    const both = { role: "banned", role_until: 7, muted: true, muted_until: 8 };
    assert.deepEqual(await ann(store), both);
    assert.deepEqual(await store.commit([role({ role: undefined })]), [done]);
    assert.deepEqual(await ann(store), { muted: true, muted_until: 8 });
    await store.commit([role({ role: "viewer" }), mute({ muted: false })]);
    assert.deepEqual(await ann(store), { role: "viewer" });
  }),

  storeCase("[R11] a user's log begins behind the newest message, the first time he comes", async (store) => {
    await store.commit([create(one), append(one), append(one), since, role(), append(one), since]);
    assert.deepEqual(await ann(store), { role: "member", since_id: 3 });
  }),

  storeCase("[R10] a room's access is changed field by field, and stands in room and list", async (store) => {
    const access = { join: "invited", slow_mode: 5 } as const;
    await store.commit([{ ...create(one), info: { class: "chat", access: { ...access, history: "all" } } }]);
    assert.deepEqual((await store.room(one))?.info, { class: "chat", access });
    const list = async () => (await store.rooms({ service: one.service, limit: 1 }))[0]?.access;
    assert.deepEqual(await list(), access);
    const change = (change: RoomAccess) => store.commit([{ kind: "change_access", ...one, change }]);
    await change({ read_only: true, slow_mode: 0 });
    assert.deepEqual(await list(), { join: "invited", read_only: true });
    const expected = { access: { join: "invited", read_only: true }, standing: {} };
    assert.deepEqual(await store.standing({ ...one, ...ANN }), expected);
    await change({ join: "anyone", read_only: false });
    assert.deepEqual((await store.room(one))?.info, { class: "chat" });
    assert.equal(await list(), undefined);
  }),

  storeCase("an ended life keeps what it said, the next one begins without", async (store) => {
    const access = { join: "invited" } as const;
    await store.commit([{ ...create(one), info: { class: "chat", access }, owner: "ann" }]);
    await store.commit([destroy(one), create(one, "second life")]);
    assert.deepEqual(await ann(store), {});
    assert.deepEqual(await store.standing({ ...FIRST, ...ANN }), { access, standing: { role: "owner" } });
  }),

  storeCase("a life that is forgotten takes its standings along", async (store) => {
    const access = { join: "invited" } as const;
    await store.commit([{ ...create(one), info: { class: "chat", access }, owner: "ann" }, mute()]);
    await store.commit([destroy(one, { keep_log: false })]);
    assert.deepEqual(await store.commit([trim(one)]), [trimmed(1, 0, 0)]);
    assert.equal(await store.standing({ ...FIRST, ...ANN }), undefined);
  }),

  storeCase("all standings of living rooms come, in slices of any length", async (store) => {
    const two = { ...one, room_id: "two" };
    await store.commit([{ ...create(one), owner: "ann" }, create(two), role({ user_id: "bob" }), since]);
    await store.commit([mute({ user_id: "cid" }), { ...mute(), ...two, user_id: "ann" }]);
    await store.commit([{ ...create({ service: "other", room_id: "one" }), owner: "eve" }]);
    const gone = { ...one, room_id: "gone" };
    await store.commit([{ ...create(gone), owner: "ann" }, destroy(gone)]);
    const found = await all(store, 2);
    const byName = found
      .map(({ room_id, user_id, standing }) => `${room_id} ${user_id} ${JSON.stringify(standing)}`)
      .sort();
    assert.deepEqual(byName, [
      'one ann {"role":"owner"}',
      'one bob {"role":"member"}',
      'one cid {"muted":true}',
      'two ann {"muted":true}',
    ]);
    assert.deepEqual(await all(store, 1000), found);
  }),
];
