import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { onTestFinished } from "vitest";

/** A page of its own, as of another person, that is closed when the test is finished; what it complains of is kept. */
export async function pageOf(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A connection that cannot be opened is told there by the browser itself.
    if (message.type() === "error" && !message.text().includes("WebSocket")) complaints.push(message.text());
  });
  return Object.assign(page, { complaints });
}
