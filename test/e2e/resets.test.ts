import { existsSync, readdirSync } from "node:fs";
import { Connection } from "@roomlog/client";
import { expect, test } from "vitest";
import { seeded } from "../fault/frame/random.ts";
import { reset } from "../hostile/load/resets.ts";
import { startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";

test("[T3] crash by one packet: 300 connections that are reset at random bytes leave nothing behind", async () => {
  const server = await startChildServer(dataDirectory());
  const seed = Math.floor(Math.random() * 2 ** 32);
  const descriptors = () =>
    existsSync(`/proc/${server.pid}/fd`) ? readdirSync(`/proc/${server.pid}/fd`).length : 0;
  await reset(server.url, 20, seeded(seed));
  await expect.poll(() => users(server.url)).toEqual(["ann"]);
  const before = descriptors();
  await reset(server.url, 300, seeded(seed));
  await expect.poll(() => users(server.url), { message: `seed ${seed}` }).toEqual(["ann"]);
  await expect.poll(descriptors, { message: `seed ${seed}` }).toBeLessThanOrEqual(before + 1);
  expect(await server.stop()).toMatchObject({ code: 0 });
});

/** Who is there, as one more client sees it. */
async function users(url: string): Promise<string[]> {
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: "ann" });
  const there = Object.keys(await client.call("core/user/list", {}));
  await client.close();
  return there;
}
