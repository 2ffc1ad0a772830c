import { onTestFinished } from "vitest";
import { Way } from "./way.ts";

/** A way to a server on which the first connection ends in place of the first bytes from the server that have `mark` in them. */
export async function cuttingProxy(
  url: string,
  mark: string,
): Promise<{ readonly url: string; readonly cuts: () => number }> {
  let cuts = 0;
  const way = await proxyTo(url, (bytes, client) => {
    if (cuts > 0 || !bytes.includes(mark)) return void client.write(bytes);
    cuts += 1;
    client.destroy();
  });
  return { url: way, cuts: () => cuts };
}

/** A way on which what the server says from `first` to `last` comes at once. */
export async function gatheringProxy(url: string, first: string, last: string): Promise<string> {
  let held = Buffer.alloc(0);
  return proxyTo(url, (bytes, client) => {
    held = Buffer.concat([held, bytes]);
    if (held.includes(first) && !held.includes(last)) return;
    client.write(held);
    held = Buffer.alloc(0);
  });
}

/** Gives back its URL. `answer` passes on what the server says. */
async function proxyTo(url: string, answer: Way["answer"]): Promise<string> {
  const way = await Way.listen(url);
  way.answer = answer;
  onTestFinished(() => way.close());
  return way.url;
}
