import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lacksChromium, launchChromium } from "../support/chromium.ts";
import { httpServer } from "../support/http.ts";
import { pageOf } from "../support/page-of.ts";
import { dataDirectory } from "../support/server.ts";

const why = lacksChromium();
if (why !== undefined && process.env.CI === "true") throw new Error(why);
if (why !== undefined) console.log(`SKIP transcripts in a browser: ${why}`);
/** Where pictures of the page are put, when somebody wants to look at them. */
const { PICTURES } = process.env;

const HOSTILE = [
  "<script>document.title='owned'</script>",
  "<img src=x onerror=\"document.title='owned'\">",
  "</p></article></main><style>body{display:none}</style>",
  "\" onmouseover=\"document.title='owned'",
  "javascript:document.title='owned' https://example.org/\"onclick=alert(1)",
  "&lt;b&gt; <!-- \u202etxet",
];

let browser: Browser;

/** A transcript of the messages as a file, as somebody has it who got it sent. */
async function transcriptOf(room_id: string, messages: readonly (readonly [msg: object, ref?: number])[]) {
  const { command, get } = await httpServer({ store: { kind: "memory" } });
  await command("media/room/create", { class: "chat", room_id });
  const change = (cmd: string, data: object) => command(`media/room/${cmd}`, { room_id, ...data });
  for (const [msg, ref] of messages) await change("msglog_send", { msg, ...(ref && { ref }) });
  const file = join(dataDirectory(), "transcript.html");
  const write = async () => {
    writeFileSync(file, (await get(`/v1/rooms/${encodeURIComponent(room_id)}/export?format=html`)).text);
    return pathToFileURL(file).href;
  };
  return { change, write };
}

const said = (page: Page) => page.locator("article p").allTextContents();
const shot = (page: Page, name: string) => PICTURES && page.screenshot({ path: `${PICTURES}/${name}.png` });

describe.skipIf(why !== undefined)("[M25] the HTML transcript", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  test("whatever messages say is shown as they say it, and nothing runs or is loaded", async () => {
    const { write } = await transcriptOf("<b>&\"'</b>", [
      ...HOSTILE.map((text) => [{ text }] as const),
      [{ "<script>": "</pre><script>1</script>" }],
      [{ type: "reaction", key: "<script>" }, 1],
    ]);
    const page = await pageOf(browser);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const address = await write();
    await page.goto(address);
    expect(await page.title()).toBe("<b>&\"'</b>");
    expect(await said(page)).toEqual(HOSTILE.map((text) => text.replace("\u202e", "")));
    expect(await page.locator("pre").textContent()).toBe('{"<script>":"</pre><script>1</script>"}');
    expect(await page.locator("li").allTextContents()).toEqual(["<script> 1"]);
    expect(
      await page
        .locator("a[href^=http]")
        .evaluateAll((links) => links.map((one) => one.getAttribute("href"))),
    ).toEqual(["https://example.org/"]);
    expect(await page.locator("script, img, [onclick], [onmouseover], [onerror]").count()).toBe(0);
    expect(asked).toEqual([address]);
    expect(page.complaints).toEqual([]);
    // Not even what somebody puts into the file afterwards.
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", "<img src='https://example.org/x.png' onerror='document.title=1'>")`,
    );
    expect(page.complaints.join()).toContain("Content Security Policy");
    expect(await page.title()).toBe("<b>&\"'</b>");
  });

  test("it shows days, replies, reactions, edits and deletions", async () => {
    const { write, change } = await transcriptOf("lobby", [
      [{ text: "Good morning! Who brings the slides?" }],
      [{ text: "I do.\nThey are at https://example.org/slides." }, 1],
      [{ text: "helo" }],
      [{ text: "spam" }],
      [{ type: "reaction", key: "+1" }, 2],
      [{ type: "reaction", key: "+1" }, 2],
      [{ type: "reaction", key: "♥" }, 2],
    ]);
    await change("msglog_edit", { msg_id: 3, msg: { text: "hello" } });
    await change("msglog_delete", { msg_id: 4, reason: "wrong room" });
    const page = await pageOf(browser);
    await page.goto(await write());
    expect(await page.locator("h2").count()).toBe(1);
    expect(await said(page)).toEqual([
      "Good morning! Who brings the slides?",
      "I do.\nThey are at https://example.org/slides.",
      "hello",
      "Deleted by http: wrong room",
    ]);
    expect(await page.locator("#m2 li").allTextContents()).toEqual(["+1 1", "♥ 1"]);
    expect(await page.locator("#m2 blockquote").textContent()).toBe(
      "http Good morning! Who brings the slides?",
    );
    expect(await page.locator("#m3 .note").textContent()).toBe("edited");
    await page.locator("#m2 blockquote a").click();
    expect(page.url()).toMatch(/#m1$/);
    expect(page.complaints).toEqual([]);
  });

  test("it is read on a phone, in the dark and on paper", async () => {
    const { write } = await transcriptOf("a-room-with-a-rather-long-name", [
      [{ text: `${"long".repeat(80)} ${"words and ".repeat(40)}` }],
      [{ code: "x".repeat(300) }],
      [{ text: `https://example.org/${"a".repeat(200)}` }, 1],
    ]);
    const address = await write();
    const phone = await pageOf(browser, { viewport: { width: 360, height: 740 }, isMobile: true });
    await phone.goto(address);
    expect(await phone.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await shot(phone, "transcript-phone");
    const colours = `((element) => [getComputedStyle(document.body).backgroundColor, getComputedStyle(element).color])(document.querySelector(".who"))`;
    const dark = await pageOf(browser, { colorScheme: "dark" });
    await dark.goto(address);
    const [darkPaper, darkName] = await dark.evaluate<[string, string]>(colours);
    const [paper, name] = await phone.evaluate<[string, string]>(colours);
    expect([paper, darkPaper]).toEqual(["rgb(255, 255, 255)", "rgb(20, 24, 28)"]);
    expect(lightness(name)).toBeLessThan(0.5);
    expect(lightness(darkName)).toBeGreaterThan(0.75);
    await shot(dark, "transcript-dark");
    await dark.emulateMedia({ media: "print" });
    expect((await dark.evaluate<[string, string]>(colours))[0]).toBe("rgb(255, 255, 255)");
    expect(lightness((await dark.evaluate<[string, string]>(colours))[1])).toBeLessThan(0.5);
    expect(await dark.evaluate("getComputedStyle(document.querySelector('h2')).position")).toBe("static");
  });
});

/** Of `oklch(L C H)`. */
function lightness(colour: string): number {
  return Number(/^oklch\(([\d.]+)/.exec(colour)?.[1]);
}
