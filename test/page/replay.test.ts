import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { createServer } from "roomlog";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pageServer } from "../../examples/replay/files.ts";
import { lacksChromium, launchChromium } from "../support/chromium.ts";
import { pageOf } from "../support/page-of.ts";
import { recorded, T0 } from "../support/replaying.ts";
import { dataDirectory } from "../support/server.ts";
import { clockVideo } from "../support/webm.ts";

const why = lacksChromium();
if (why !== undefined && process.env.CI === "true") throw new Error(why);
if (why !== undefined) console.log(`SKIP the page of replays in a browser: ${why}`);
/** Where pictures of the page are put, when somebody wants to look at them. */
const { PICTURES } = process.env;

const SAID: readonly (readonly [second: number, user: string, text: string])[] = [
  [1, "ann", "Good morning, everybody!"],
  [2, "bob", "Hello Ann, the picture is fine here"],
  [5, "ann", "Today we look at how a log is replayed."],
  [9, "eve", "Can you make it a bit larger?"],
  [12, "bob", "Thanks, that is better. <b>Great!</b>"],
  [18, "ann", "See you next week"],
];

let browser: Browser;

/** The page, with a recording of 20 s, and a chat of which a message was edited and one deleted. */
async function served() {
  const data = dataDirectory();
  const room = await recorded([0], { data, store: { kind: "sqlite" } });
  const change = (cmd: string, more: object) =>
    room.client.call(`media/room/${cmd}`, { room_id: "r", ...more });
  for (const [second, user, text] of SAID) {
    room.until(second);
    await room.as(user, { text });
  }
  await room.send({ text: "oops" });
  await change("msglog_delete", { msg_id: 8 });
  await change("msglog_edit", { msg_id: 2, msg: { text: "Good morning!" } });
  await room.server.close();
  const file = join(data, "talk.webm");
  const http = pageServer(file).listen(0, "127.0.0.1");
  await once(http, "listening");
  const server = await createServer({ data }, { server: http });
  onTestFinished(async () => {
    await server.close();
    http.closeAllConnections();
    http.close();
  });
  const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const studio = await pageOf(browser);
  await studio.goto(base);
  const video = await clockVideo(studio, 20);
  writeFileSync(file, video);
  const page = await pageOf(browser, { viewport: { width: 1100, height: 560 } });
  await page.goto(`${base}/?room=r&title=Monday’s%20lesson&start=${new Date(T0 / 1000 + 500).toISOString()}`);
  await page.getByText("In step with the chat").waitFor();
  return { page, server, video };
}

const texts = (page: Page) => page.locator("#log .said").allTextContents();
const said = (count: number) => ["Good morning!", ...SAID.slice(1).map(([, , text]) => text)].slice(0, count);
const inVideo = (page: Page, code: string) =>
  page.evaluate(`{ const video = document.querySelector("video"); ${code} }`);
const currentTime = (page: Page) =>
  page.evaluate("document.querySelector('video').currentTime") as Promise<number>;

describe.skipIf(why !== undefined)("[M26] the page of replays", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  test("the chat is in step with the picture: play, speed, pause, seek forwards and back", async () => {
    const { page, video } = await served();
    expect(video.length).toBeLessThan(100_000);
    expect(await texts(page)).toEqual([]);
    await inVideo(page, "video.play()");
    await expect.poll(() => texts(page), { interval: 20, timeout: 10_000 }).toEqual(said(1));
    // The chat was at 1 s; the recording begins half a second later than the log.
    expect(await currentTime(page)).toBeGreaterThan(0.45);
    expect(await currentTime(page)).toBeLessThan(1.45);
    await inVideo(page, "video.playbackRate = 4");
    await expect.poll(() => texts(page), { interval: 20, timeout: 10_000 }).toEqual(said(3));
    expect(await currentTime(page)).toBeGreaterThan(4);
    expect(await currentTime(page)).toBeLessThan(8.4);
    await inVideo(page, "video.pause()");
    const shown = await texts(page);
    await inVideo(page, "video.currentTime = 12.6");
    await expect.poll(() => texts(page), { timeout: 10_000 }).toEqual(said(5));
    PICTURES && (await page.screenshot({ path: `${PICTURES}/replay.png` }));
    expect(shown).toEqual(said(3));
    await inVideo(page, "video.currentTime = 3");
    await expect.poll(() => texts(page), { timeout: 10_000 }).toEqual(said(2));
    await inVideo(page, "video.playbackRate = 8; video.play()");
    await expect.poll(() => texts(page), { timeout: 10_000 }).toEqual(said(6));
    await expect.poll(() => page.evaluate("document.querySelector('video').ended")).toBe(true);
    await inVideo(page, "video.playbackRate = 1; video.play()");
    await expect.poll(() => texts(page), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => texts(page), { timeout: 10_000 }).toEqual(said(1));
    expect(page.complaints).toEqual([]);
  });
});
