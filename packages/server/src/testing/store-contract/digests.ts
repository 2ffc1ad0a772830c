import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { EntryOp } from "@roomlog/protocol";
import type { Append, DigestQuery, Message, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, one, pageOf, trim } from "./samples.ts";

/**
 * The digest of a log (M23), recomputed here from what docs/proof.md says, without the code of the stores.
 */

const SEAL = "00112233445566778899aabbccddeeff";
const LIFE = { ...one, epoch: "first life" };

const sha256 = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

const START = sha256('{"epoch":"first life","room_id":"one","roomlog":1}');

/** Of an entry by `ann` with the sample's session and time. */
function next(
  previous: string,
  commitment: string,
  part: { readonly [name: string]: string | number },
): string {
  const fields = { commitment, previous, session_id: "s1", timestmap: 1, user_id: "ann", ...part };
  return sha256(
    JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))),
  );
}

export const digestCases: readonly StoreCase[] = [
  storeCase("[M23] the digest of an entry is that of documentation", async (store) => {
    await store.commit([create(one), { ...append(one, '{"é":1.0}'), seal: SEAL }]);
    const first = next(START, sha256(`${SEAL}{"é":1.0}`), { msg_id: 1 });
    assert.deepEqual(await proofs(store), [{ digest: first, salt: SEAL }]);
    assert.deepEqual(await digests(store, 0, 1, undefined, 2), [START, first, first, undefined]);
  }),

  storeCase(
    "[M23] names that JSON escapes, and what refers and changes, are in the digest",
    async (store) => {
      const ann = { user_id: 'a"\\ b\u2028é😀', session_id: "/" };
      await store.commit([
        create(one),
        { ...append(one), ...ann, seal: SEAL },
        { ...changing("edit", 1, '{"a":2}'), ...ann },
        { ...append(one, '{"b":1}'), ref: 1, seal: SEAL },
      ]);
      const [, edit] = await page(store);
      const first = next(START, sha256(`${SEAL}{}`), { msg_id: 1, ...ann });
      const second = next(first, sha256(`${edit?.log?.salt}{"a":2}`), {
        msg_id: 2,
        op: "edit",
        ref: 1,
        ...ann,
      });
      const third = next(second, sha256(`${SEAL}{"b":1}`), { msg_id: 3, ref: 1 });
      assert.deepEqual(await digests(store, 1, 2, 3), [first, second, third]);
    },
  ),

  storeCase("[M23] a body that is not the one committed to comes with the commitment", async (store) => {
    const sealed = (write: Append): Append => ({ ...write, seal: SEAL });
    await store.commit([create(one), sealed(append(one, '{"a":1}')), sealed(changing("edit", 1, '{"a":2}'))]);
    const committed = ['{"a":1}', '{"a":2}'].map((msg) => sha256(SEAL + msg));
    assert.deepEqual(await seals(store), [committed[0], SEAL]);
    const before = await digests(store, 1, 2);
    await store.commit([sealed(changing("delete", 1, "{}"))]);
    assert.deepEqual(await seals(store), [...committed, SEAL]);
    assert.deepEqual(await digests(store, 1, 2), before);
  }),

  storeCase("[M23] an entry that comes with its commitment has no salt", async (store) => {
    const commitment = sha256("whatever it was");
    await store.commit([create(one), { ...append(one), seal: commitment }]);
    const [proof] = await proofs(store);
    assert.deepEqual(proof, { commitment, digest: next(START, commitment, { msg_id: 1 }) });
  }),

  storeCase("[M23] whom a message mentions is committed to with its body", async (store) => {
    await store.commit([create(one), { ...append(one), mentions: ["bob", "zoë"], seal: SEAL }]);
    const digest = next(START, sha256(`${SEAL}["bob","zoë"]{}`), { msg_id: 1 });
    assert.deepEqual(await proofs(store), [{ mentions: ["bob", "zoë"], digest, salt: SEAL }]);
  }),

  storeCase("[M23] salts are drawn by chance", async (store) => {
    await store.commit([create(one), ...Array.from({ length: 600 }, () => append(one))]);
    await store.commit([append(one)]);
    const salts = await seals(store);
    assert.equal(new Set(salts).size, 601);
    assert(salts.every((salt) => /^[0-9a-f]{32}$/.test(salt ?? "")));
  }),

  storeCase("[M23] what is dropped leaves the digest of the last of it", async (store) => {
    await store.commit([create(one), append(one), append(one), append(one)]);
    const before = await digests(store, 1, 2, 3);
    await store.commit([trim(one, { before: 3 })]);
    assert.deepEqual(await digests(store, 0, 1, 2, 3), [undefined, undefined, before[1], before[2]]);
    await store.commit([trim(one, { before: 4 })]);
    assert.deepEqual(await digests(store, 2, 3, undefined, 4), [undefined, before[2], before[2], undefined]);
    await store.commit([{ ...append(one), seal: SEAL }]);
    const fourth = next(before[2] as string, sha256(`${SEAL}{}`), { msg_id: 4 });
    assert.deepEqual(await digests(store, 3, 4), [before[2], fourth]);
  }),

  storeCase("[M23] the digest goes on from commit to commit, and within one over trims", async (store) => {
    await store.commit([create(one), append(one), append(one)]);
    await store.commit([append(one), trim(one, { before: 3 }), append(one)]);
    const messages = await page(store);
    const base = await digests(store, 2);
    let previous = base[0] as string;
    for (const { msg_id, log } of messages) {
      previous = next(previous, sha256(`${log?.salt}{}`), { msg_id });
      assert.equal(log?.digest, previous);
    }
    assert.deepEqual(await digests(store, undefined), [previous]);
  }),

  storeCase("[M23] each life has a digest of its own, ended ones too", async (store) => {
    await store.commit([create(one), append(one)]);
    const [digest] = await digests(store, 1);
    await store.commit([destroy(one), create(one, "second life"), append(one)]);
    assert.deepEqual(await store.digest(LIFE), { epoch: "first life", msg_id: 1, digest });
    const second = await store.digest(one);
    assert.equal(second?.epoch, "second life");
    assert.notEqual(second?.digest, digest);
    await store.commit([destroy(one, { keep_log: false })]);
    assert.equal(await store.digest(one), undefined);
    assert.equal(await store.digest({ ...one, epoch: "second life" }), undefined);
  }),

  storeCase("[M23] who writes an entry is told what proves it, when he asks", async (store) => {
    const outcomes = await store.commit([
      create(one),
      { ...append(one), prove: true },
      append(one),
      { ...append(one), mentions: ["bob"], prove: true },
      { ...changing("edit", 1, '{"a":2}'), prove: true },
      { ...append(one), ref: 1, prove: false },
    ]);
    await store.commit([changing("delete", 1, "{}")]);
    const sealed = await page(store);
    const told = outcomes
      .slice(1)
      .map((outcome) => (outcome.kind === "appended" ? outcome.proof : "refused"));
    assert.deepEqual(
      told.map((proof) => (proof === "refused" ? proof : proof?.digest)),
      sealed.slice(0, 5).map(({ log }, i) => (i === 1 || i === 4 ? undefined : log?.digest)),
    );
    const [first, , third] = told;
    assert(typeof first === "object" && typeof third === "object");
    assert.equal(sha256(`${first.seal}{}`), sealed[0]?.log?.commitment);
    assert.equal(third.seal, sealed[2]?.log?.salt);
  }),

  storeCase("[M23] a repeated send leaves the digest as it is", async (store) => {
    const named = { ...append(one), client_msg_id: "x" };
    await store.commit([create(one), named]);
    const before = await digests(store, undefined);
    await store.commit([named, named]);
    assert.deepEqual(await digests(store, undefined), before);
  }),
];

function changing(op: EntryOp, ref: number, msg: string): Append {
  return { ...append(one, msg), ref, change: { op, any: true } };
}

async function page(store: Store): Promise<readonly Message[]> {
  return (await pageOf(store, one, { digest: true })).messages;
}

async function proofs(store: Store) {
  return (await page(store)).map(({ log }) => log);
}

/** Of each entry the salt, or in its place the commitment. */
async function seals(store: Store) {
  return (await proofs(store)).map((log) => log?.salt ?? log?.commitment);
}

async function digests(store: Store, ...ids: readonly DigestQuery["at"][]) {
  return Promise.all(ids.map(async (at) => (await store.digest({ ...one, at }))?.digest));
}
