import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { launchChromium } from "../../support/chromium.ts";
import type { Glance, Report, TokenFor, Visit, Visitor } from "./visit.ts";
import { visit } from "./visit.ts";

/** A visitor in a page of a real browser, which gets the client as a file. */
export async function visitInPage(client: string, told: Visit, tokenFor: TokenFor): Promise<Visitor> {
  const server = createServer(({ url }, answer) => {
    const isClient = url === "/client.js";
    answer.setHeader("content-type", isClient ? "text/javascript" : "text/html");
    answer.end(isClient ? readFileSync(client) : "<!doctype html><title>visitor</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.exposeFunction("tokenFor", tokenFor);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const begin = `import("/client.js").then((roomlog) => (${visit})(roomlog, ${JSON.stringify(told)}, tokenFor))`;
  await page.evaluate(`${begin}.then((visitor) => { globalThis.visitor = visitor; })`);
  let newest: Glance = { level: 0, isOpen: false };
  const look = setInterval(() => {
    page.evaluate<Glance>("visitor.glance()").then(
      (now) => {
        newest = now;
      },
      () => {},
    );
  }, 100);
  return {
    glance: () => newest,
    quiet: () => page.evaluate("visitor.quiet()"),
    report: () => page.evaluate<Report>("visitor.report()"),
    async leave() {
      clearInterval(look);
      await browser.close();
      server.close();
    },
  };
}
