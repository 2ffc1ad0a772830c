import { expect, test } from "vitest";
import { NewestPages } from "../../packages/server/src/core/newest-pages.ts";
import type { PageText } from "../../packages/server/src/store/store.ts";
import { idsOf, inRoom } from "../support/in-room.ts";

test("[M6, M8] a page that was asked for before shows what has happened since", async () => {
  const { client, send, get, purge, reborn } = await inRoom();
  const ids = async (query = {}) => idsOf((await get(query)).data ?? []);
  expect(await ids()).toEqual([]);
  await send({ n: 1 });
  expect([await ids(), await ids()]).toEqual([[1], [1]]);
  await send({ n: 2 });
  expect([await ids(), await ids({ order: "desc", limit: 1 })]).toEqual([[1, 2], [2]]);
  await purge({ before: 2 });
  expect([await ids(), await ids({ order: "desc", limit: 5 })]).toEqual([[2], [2]]);
  await reborn();
  expect(await ids()).toEqual([]);
  await client.call("media/room/destroy", { room_id: "r" });
  expect((await get()).data.code).toBe(304001);
});

const page = (text: string): PageText => ({ epoch: "e", first_id: 1, cut: false, text, count: 1 });

test("who asks for a page while it is read shares the read, but for a room that has changed meanwhile", async () => {
  const pages = new NewestPages();
  const reads: PromiseWithResolvers<PageText | undefined>[] = [];
  const ask = () =>
    pages.get("r", "newest", () => {
      reads.push(Promise.withResolvers());
      return (reads.at(-1) as (typeof reads)[0]).promise;
    });
  const first = [ask(), ask()];
  pages.changed("r");
  const second = ask();
  reads[1]?.resolve(page("new"));
  reads[0]?.resolve(page("old"));
  expect(await Promise.all([...first, second])).toEqual([page("old"), page("old"), page("new")]);
  expect(await ask()).toEqual(page("new"));
  expect(reads.length).toBe(2);
});

test("what fails to be read, is not there or is very long is read again each time; what is old makes room", async () => {
  const pages = new NewestPages();
  let reads = 0;
  const ask = async (room_id: string, answer: () => PageText | undefined) =>
    pages.get(room_id, "newest", async () => {
      reads++;
      return answer();
    });
  const failing = () => {
    throw new Error("the disk");
  };
  for (let i = 0; i < 2; i++) await expect(ask("r", failing)).rejects.toThrow("the disk");
  for (let i = 0; i < 2; i++) expect(await ask("r", () => undefined)).toBeUndefined();
  for (let i = 0; i < 2; i++) await ask("r", () => page("x".repeat(200_000)));
  expect(reads).toBe(6);
  for (let i = 0; i < 100; i++) await ask(`room ${i}`, () => page("x".repeat(100_000)));
  await ask("room 99", () => undefined);
  expect(reads).toBe(106);
  expect(await ask("room 0", () => undefined)).toBeUndefined();
});
