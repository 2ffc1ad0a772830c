import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { heapInUse } from "../support/heap.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

/** An object of `bytes` of text that takes twenty times as much when it is parsed. */
const wide = (bytes: number) =>
  `{"a":[${Array(Math.floor((bytes - 8) / 3))
    .fill("{}")
    .join(",")}]}`;

/** What a request may bring beside its data: nothing of it may be kept. */
const ballast = "x".repeat(300_000);

test("[F10, R4] of a member its meta is kept as text, and nothing else of the request", async () => {
  const { url } = await serverForTest(memory);
  const client = (await RawClient.login(url)).answering();
  for (let i = 0; i < 100; i++) await client.call("media/room/create", { class: "chat", room_id: `r${i}` });
  const before = await heapInUse();
  for (let i = 0; i < 100; i++) {
    const data = `{"room_id":"r${i}","meta":${wide(16_384)}}`;
    client.send(
      `{"class":"media","subclass":"room","cmd":"join","data":${data},"ballast":"${ballast}","tid":${i}}`,
    );
    expect(await client.until(({ tid, result }) => tid === i && result)).toMatchObject({ result: "ok" });
    client.forget();
  }
  // 1.6 MB of text, which would be 35 MB parsed, and came in 30 MB of frames.
  expect((await heapInUse()) - before).toBeLessThan(15_000_000);
});

test("[F10, L2] of a session its meta is kept as text, and nothing else of the login", async () => {
  const { url } = await serverForTest({
    ...memory,
    limits: { login_frame_bytes: 1_048_576, frame_values: 1_000_000 },
  });
  const before = await heapInUse();
  for (let i = 0; i < 100; i++) {
    const client = await RawClient.connect(url);
    const data = `{"user":"ann","meta":${wide(16_384)}}`;
    client.send(
      `{"class":"core","subclass":"user","cmd":"login","data":${data},"ballast":"${ballast}","tid":1}`,
    );
    expect(await client.until(({ result }) => result)).toMatchObject({ result: "ok" });
  }
  expect((await heapInUse()) - before).toBeLessThan(25_000_000);
});

test("[F10, L3] while a login is decided, it and what follows it are kept as text at most", async () => {
  const users = [{ name: "ann", password: await hashPassword("secret") }];
  const { url } = await serverForTest(
    { ...memory, users, limits: { login_frame_bytes: 1_048_576, frame_values: 1_000_000 } },
    { clock: new ManualClock() },
  );
  const fields = Array.from({ length: 12 }, (_, i) => `"f${i}":${wide(16_384)}`).join(",");
  const before = await heapInUse();
  for (let i = 0; i < 20; i++) {
    const client = await RawClient.connect(url);
    client.send(
      `{"class":"core","subclass":"user","cmd":"login","data":{"user":"ann","password":"x",${fields}},"tid":1}`,
    );
    client.send(`{"class":"core","cmd":"ping","data":{${fields}},"tid":2}`);
    // The ack; the refusal waits for the clock, which stands still.
    await client.next();
  }
  await RawClient.connect(url);
  // 20 times 200 kB of text wait, and 200 kB were a login; parsed each would be 4 MB.
  expect((await heapInUse()) - before).toBeLessThan(25_000_000);
});

test("[F10, C4, C8] an acked relay keeps nothing of what it brought", async () => {
  const { url } = await serverForTest(memory);
  const [ann, bob] = [
    (await RawClient.login(url, "ann")).answering(),
    await RawClient.login(url, "bob", "b1"),
  ];
  const relay = (tid: string, more: string) => {
    const data = `{"session_id":"b1","class":"app","cmd":"x",${more}}`;
    ann.send(
      `{"class":"core","subclass":"session","cmd":"cmd","data":${data},"ballast":"${ballast}","tid":"${tid}"}`,
    );
  };
  const before = await heapInUse();
  for (let i = 0; i < 100; i++) {
    relay(`a tid that is long enough to be a part of its frame ${i}`, `"unknown":${wide(16_384)}`);
    bob.send({ ack: (await bob.next()).tid });
    bob.forget();
  }
  await bob.settled();
  expect((await heapInUse()) - before).toBeLessThan(10_000_000);
});

test("[C8] of unknown fields as many names are told as fit into limits.field_bytes", async () => {
  const { url } = await serverForTest({ ...memory, limits: { field_bytes: 1024 } });
  const client = await RawClient.login(url);
  const data = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}`.padStart(100, "f"), 1]));
  await client.call("core/core/ping", data);
  const { body } = (await client.next()).data;
  expect(body.fields).toEqual(Object.keys(data).slice(0, 10));
});
