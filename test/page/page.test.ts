import { readFileSync } from "node:fs";
import { Connection } from "@roomlog/client";
import type { Browser, Page } from "playwright-core";
import { createServer } from "roomlog";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { lacksChromium, launchChromium } from "../support/chromium.ts";
import { pageOf } from "../support/page-of.ts";
import { dataDirectory } from "../support/server.ts";
import { users } from "../support/with-users.ts";

const why = lacksChromium();
if (why !== undefined && process.env.CI === "true") throw new Error(why);
if (why !== undefined) console.log(`SKIP the page in a browser: ${why}`);
/** Where pictures of the page are put, when somebody wants to look at them. */
const { PICTURES } = process.env;

/** A text that is shown, against what is behind it (WCAG 1.4.3). */
interface Contrast {
  readonly text: string;
  readonly contrast: number;
}

/** These run in the page. */
const CONTRASTS = readFileSync(new URL("contrasts.js", import.meta.url), "utf8");
const NAMES = `Array.from(document.querySelectorAll("button, input, textarea"))
  .filter((one) => one.checkVisibility())
  .map((one) => (one.labels?.[0] ?? one).textContent.trim())`;

let browser: Browser;

async function served(config: Parameters<typeof createServer>[0] = {}) {
  const server = await createServer({ port: 0, data: dataDirectory(), ...config });
  onTestFinished(() => server.close());
  return { server, address: (server.urls[0] as string).replace("ws:", "http:") };
}

async function joined(address: string, user: string, options: Parameters<typeof pageOf>[1] = {}) {
  const page = await pageOf(browser, options);
  await page.goto(`${address}?room=lobby`);
  await page.getByLabel("Your name").fill(user);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("Connected").waitFor();
  return page;
}

async function say(page: Page, words: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(words);
  await page.keyboard.press("Enter");
}

const texts = (page: Page) => page.locator("#log .said").allTextContents();
const shown = (page: Page, words: string) => page.locator("#log").getByText(words, { exact: true }).waitFor();
const picture = (page: Page, name: string) =>
  PICTURES && page.screenshot({ path: `${PICTURES}/${name}.png` });

describe.skipIf(why !== undefined)("[H8] the page", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  test("a newcomer joins, is asked for no more than a name, sends and is heard by another", async () => {
    const { address } = await served();
    const start = await pageOf(browser);
    await start.goto(address);
    await picture(start, "page-start");
    expect(await start.getByLabel("Password").isVisible()).toBe(false);
    const [ann, bob] = [await joined(address, "ann"), await joined(address, "bob")];
    await say(ann, "Good morning!");
    await shown(bob, "Good morning!");
    await bob.getByLabel("Message", { exact: true }).pressSequentially("hel");
    await ann.getByText("bob is typing…").waitFor();
    await say(bob, "Hello ann,\nhow are you? <b>not bold</b>");
    await shown(ann, "Hello ann,\nhow are you? <b>not bold</b>");
    expect(await texts(ann)).toEqual(await texts(bob));
    expect(await ann.locator("#members li").allTextContents()).toEqual(["ann", "bob"]);
    expect(await ann.locator("#pending li").count()).toBe(0);
    await picture(ann, "page-room");
    expect([...start.complaints, ...ann.complaints, ...bob.complaints]).toEqual([]);
  });

  test("Join pressed twice is one client", async () => {
    const { server, address } = await served();
    const page = await pageOf(browser);
    await page.goto(`${address}?room=lobby`);
    await page.getByLabel("Your name").fill("ann");
    await page.evaluate("for (let n = 0; n < 2; n++) document.getElementById('join').requestSubmit()");
    await page.getByText("Connected").waitFor();
    await say(page, "hello");
    await shown(page, "hello");
    expect(await texts(page)).toEqual(["hello"]);
    expect((await server.metrics()).body).toContain("roomlog_connections 1\n");
  });

  test("a reload leads back into the room, with all that was said", async () => {
    const { address } = await served();
    const ann = await joined(address, "ann");
    for (const words of ["one", "two", "three"]) await say(ann, words);
    await shown(ann, "three");
    await ann.reload();
    await shown(ann, "three");
    expect(await texts(ann)).toEqual(["one", "two", "three"]);
    await say(ann, "four");
    await shown(ann, "four");
    expect(ann.complaints).toEqual([]);
  });

  test("a restart of the server loses nothing: what is sent meanwhile is stored once", async () => {
    const data = dataDirectory();
    const first = await served({ data });
    const ann = await joined(first.address, "ann");
    const bob = await joined(first.address, "bob");
    await say(ann, "before");
    await shown(bob, "before");
    await first.server.close();
    await ann.getByText("Connection lost", { exact: false }).waitFor();
    await say(ann, "while it was away");
    expect(await ann.locator("#pending .said").allTextContents()).toEqual(["while it was away"]);
    await picture(ann, "page-lost");
    await served({ data, port: Number(new URL(first.address).port) });
    await shown(bob, "while it was away");
    await shown(ann, "while it was away");
    expect(await texts(ann)).toEqual(["before", "while it was away"]);
    expect(await ann.locator("#pending li").count()).toBe(0);
    expect([...ann.complaints, ...bob.complaints]).toEqual([]);
  });

  test("older messages are read by scrolling up, and what is looked at stays where it is", async () => {
    const { address } = await served();
    const ann = await joined(address, "ann");
    const bob = await Connection.connect(address.replace("http", "ws"));
    onTestFinished(() => void bob.close());
    await bob.call("core/user/login", { user: "bob" });
    const send = (_: unknown, i: number) =>
      bob.call("media/room/msglog_send", { room_id: "lobby", msg: { text: `message ${i + 1}` } });
    await Promise.all(Array.from({ length: 120 }, send));
    await shown(ann, "message 120");
    await ann.reload();
    await shown(ann, "message 120");
    expect(await texts(ann)).toHaveLength(50);
    await ann.locator("#scroller").evaluate((scroller) => scroller.scrollTo(0, 0));
    await ann.locator("#log").getByText("message 21", { exact: true }).waitFor({ state: "attached" });
    expect(await ann.locator("#log").getByText("message 71", { exact: true }).isVisible()).toBe(true);
    expect(await ann.locator("#scroller").evaluate(({ scrollTop }) => scrollTop)).toBeGreaterThan(500);
    await ann.locator("#scroller").evaluate((scroller) => scroller.scrollTo(0, 0));
    await ann.getByText("This is where the room begins.").waitFor();
    const found = await texts(ann);
    expect(found).toEqual(Array.from({ length: 120 }, (_, i) => `message ${i + 1}`));
    expect(ann.complaints).toEqual([]);
  });

  test("edits and deletions are seen where the message stands, at once and after a reload", async () => {
    const { address } = await served();
    const page = await joined(address, "ann");
    for (const words of ["one", "two", "three"]) await say(page, words);
    await shown(page, "three");
    const path = new URL("v1/rooms/lobby/messages/", address);
    const headers = { "content-type": "application/json" };
    await fetch(new URL("1", path), { method: "PUT", headers, body: '{"text":"ONE"}' });
    await fetch(new URL("2?reason=a%20slip", path), { method: "DELETE" });
    const both = ["ONE edited", "deleted by http: a slip", "three"];
    await expect.poll(() => texts(page)).toEqual(both);
    await page.reload();
    await shown(page, "three");
    expect(await texts(page)).toEqual(both);
    await picture(page, "changes");
  });

  test("[M21] what was erased is gone from the page, at once and after a reload", async () => {
    const { server, address } = await served();
    const ann = await joined(address, "ann");
    const bob = await joined(address, "bob");
    await say(ann, "forget this");
    await shown(bob, "forget this");
    await say(bob, "this stays");
    await shown(ann, "this stays");
    const officer = await Connection.connect(server.urls[0] as string);
    await officer.call("core/user/login", { user: "officer" });
    await officer.call("media/room/msglog_erase_user", { user_id: "ann" });
    await officer.close();
    await expect.poll(() => texts(bob)).toEqual(["erased", "this stays"]);
    await bob.reload();
    await shown(bob, "this stays");
    expect(await texts(bob)).toEqual(["erased", "this stays"]);
  });

  test("who has to log in is asked for a password, and told what is wrong", async () => {
    const some = users.map((user) => ({ ...user, rights: user.name === "bob" ? ["msglog_get"] : ["*"] }));
    const { address } = await served({ users: some });
    const page = await pageOf(browser);
    await page.goto(`${address}?room=lobby`);
    const join = () => page.getByRole("button", { name: "Join" }).click();
    await page.getByLabel("Your name").fill("bob");
    await join();
    await page.getByText("This server asks for a password.").waitFor();
    await page.getByLabel("Password").fill("guess");
    await join();
    await page.getByText("Wrong name or password.").waitFor();
    await page.getByLabel("Password").fill("secret");
    await join();
    await page.getByText("You may not join the room lobby").waitFor();
    await page.getByLabel("Your name").fill("ann");
    await join();
    await page.getByRole("button", { name: "Leave" }).waitFor();
    expect(page.complaints).toEqual([]);
  });

  test("a link leads into a room, but makes none by itself", async () => {
    const { server, address } = await served();
    const ann = await joined(address, "ann");
    await ann.goto(`${address}?room=elsewhere`);
    await ann.getByText("There is no room elsewhere yet. Join makes it.").waitFor();
    expect((await server.metrics()).body).toMatch(/^roomlog_rooms\{.*\} 1$/m);
    await ann.getByRole("button", { name: "Join" }).click();
    await ann.getByText("Connected").waitFor();
    expect((await server.metrics()).body).toMatch(/^roomlog_rooms\{.*\} 2$/m);
  });

  test("who may join and not read is told so", async () => {
    const rights = ["room_join", "room_read", "subscribe", "msglog_send"];
    const some = users.map((user) => ({ ...user, rights: user.name === "bob" ? rights : ["*"] }));
    const { server, address } = await served({ users: some });
    const ann = await Connection.connect(server.urls[0] as string);
    await ann.call("core/user/login", { user: "ann", password: "secret" });
    await ann.call("media/room/create", { class: "chat", room_id: "lobby" });
    await ann.close();
    const page = await pageOf(browser);
    await page.goto(`${address}?room=lobby`);
    await page.getByLabel("Your name").fill("bob");
    const join = () => page.getByRole("button", { name: "Join" }).click();
    await join();
    await page.getByLabel("Password").fill("secret");
    await join();
    await page.getByText("The messages cannot be read: Unauthorized").waitFor();
    expect(page.complaints).toEqual([]);
  });

  test.for([
    ["light", 1024, "page-light"],
    ["dark", 1024, "page-dark"],
    ["dark", 360, "page-phone-dark"],
    ["light", 360, "page-phone"],
  ] as const)("it can be read in %s, %i pixels wide", async ([colorScheme, width, name]) => {
    const { address } = await served();
    const ann = await joined(address, "ann", { colorScheme, viewport: { width, height: 720 } });
    const bob = await joined(address, "bob");
    await say(ann, "Good morning! Can we ship on Friday?");
    await shown(bob, "Good morning! Can we ship on Friday?");
    await say(bob, "The tests are green, so I think yes.");
    await shown(bob, "The tests are green, so I think yes.");
    await say(bob, "https://example.org/a/very/long/address/without/any/place/to/break/that/goes/on/and/on");
    await shown(
      ann,
      "https://example.org/a/very/long/address/without/any/place/to/break/that/goes/on/and/on",
    );
    await picture(ann, name);
    const isWider = await ann.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
    expect(isWider).toBe(false);
    const contrasts = await ann.evaluate<Contrast[]>(CONTRASTS);
    expect(contrasts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    expect(await ann.getByLabel("Message", { exact: true }).isVisible()).toBe(true);
  });

  test("everything is reached by keys, and has a name", async () => {
    const { address } = await served();
    const page = await pageOf(browser);
    await page.goto(address);
    await page.keyboard.type("den");
    await page.keyboard.press("Tab");
    await page.keyboard.type("ann");
    await page.keyboard.press("Enter");
    await page.getByText("Connected").waitFor();
    await page.keyboard.type("hello");
    await page.keyboard.press("Enter");
    await shown(page, "hello");
    const names = await page.evaluate<string[]>(NAMES);
    expect(names).toEqual(["Leave", "Message", "Send"]);
    expect(new URL(page.url()).searchParams.get("room")).toBe("lobbyden");
  });
});
