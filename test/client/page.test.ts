import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { clientBuild } from "../../scripts/bundle/client.ts";
import { lacksChromium, launchChromium } from "../support/chromium.ts";
import { becomes, behindWay, clientFor, take } from "../support/client.ts";

const [readme, packageReadme] = ["../../README.md", "../../packages/client/README.md"].map((file) =>
  readFileSync(new URL(file, import.meta.url), "utf8"),
) as [string, string];

/** The page that a README shows. */
function pageIn(text: string): string | undefined {
  return /```html\n([\s\S]*?)```/.exec(text)?.[1];
}

/** Serves the README's page, with the client beside it; returns its address. */
async function pageFor(url: string): Promise<string> {
  const page = (pageIn(readme) ?? "")
    .replace("http://127.0.0.1:9010/client.js", "/client.js")
    .replace("ws://127.0.0.1:9010/", url);
  const { outputFiles } = await build({ ...clientBuild, write: false, sourcemap: false });
  const server = createServer((request, answer) => {
    const isClient = request.url === "/client.js";
    answer.setHeader("content-type", isClient ? "text/javascript" : "text/html");
    answer.end(isClient ? outputFiles[0]?.text : page);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("both READMEs show the same chat", () => {
  expect(pageIn(packageReadme)).toBe(pageIn(readme));
});

test("the chat of the README works in a browser, and survives a reload and a restart of the server", async ({
  skip,
}) => {
  const lacking = lacksChromium();
  // In CI a missing part is a failure.
  if (lacking !== undefined && !process.env.CI) skip(lacking);
  const server = await behindWay();
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(await pageFor(server.url));
  await page.getByText("open").waitFor();
  await page.fill("#text", "hello");
  await page.click("button");
  await page.getByText("ann: hello").waitFor();
  const bob = await clientFor(server.url, { user: "bob" });
  const room = await bob.join("lobby");
  await page.reload();
  await page.getByText("ann: hello").waitFor();
  await server.stop();
  await page.fill("#text", "are you there?");
  await page.click("button");
  await server.start();
  await becomes(bob, "open");
  await room.send({ text: "yes" });
  await page.getByText("bob: yes").waitFor();
  await page.getByText("ann: are you there?").waitFor();
  expect(await page.locator("li").count()).toBe(3);
  expect(await take(room.messages({ after: 0 }), 3)).toMatchObject([{ user_id: "ann" }, {}, {}]);
}, 60_000);
