import type { Writable } from "node:stream";

/** Writes texts as fast as they are taken, and holds no more of them than one. Ends early when the stream does. */
export async function pour(texts: AsyncIterable<string>, out: Writable): Promise<void> {
  for await (const text of texts) {
    if (out.destroyed) return;
    if (text !== "" && !out.write(text)) await taken(out);
  }
}

function taken(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      out.off("drain", done).off("close", done);
      resolve();
    };
    out.once("drain", done).once("close", done);
  });
}
