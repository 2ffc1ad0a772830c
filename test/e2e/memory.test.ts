import { expect, test } from "vitest";
import { heapInUse } from "../support/heap.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

/** An object of `bytes` of text that takes twenty times as much when it is parsed. */
const wide = (bytes: number) => `{"a":[${Array(Math.floor((bytes - 8) / 3)).fill("{}").join(",")}]}`;

/** What a request may bring beside its data: nothing of it may be kept. */
const ballast = "x".repeat(300_000);

test("[F10, R4] of a member its meta is kept as text, and nothing else of the request", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  for (let i = 0; i < 150; i++) await client.call("media/room/create", { class: "chat", room_id: `r${i}` });
  const before = await heapInUse();
  for (let i = 0; i < 150; i++) {
    const data = `{"room_id":"r${i}","meta":${wide(16_384)}}`;
    client.send(
      `{"class":"media","subclass":"room","cmd":"join","data":${data},"ballast":"${ballast}","tid":${i}}`,
    );
    expect(await client.until(({ tid, result }) => tid === i && result)).toMatchObject({ result: "ok" });
    client.forget();
  }
  // 2.5 MB of text, which would be 50 MB parsed, and came in 45 MB of frames.
  expect((await heapInUse()) - before).toBeLessThan(25_000_000);
});

test("[F10, L2] of a session its meta is kept as text, and nothing else of the login", async () => {
  const { url } = await serverForTest(memory);
  const before = await heapInUse();
  for (let i = 0; i < 150; i++) {
    const client = await RawClient.connect(url);
    const data = `{"user":"ann","meta":${wide(16_384)}}`;
    client.send(`{"class":"core","subclass":"user","cmd":"login","data":${data},"ballast":"${ballast}","tid":1}`);
    expect(await client.until(({ result }) => result)).toMatchObject({ result: "ok" });
  }
  expect((await heapInUse()) - before).toBeLessThan(25_000_000);
});
