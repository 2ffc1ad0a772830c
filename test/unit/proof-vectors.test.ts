import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startDigest as clientStart, LogCheck } from "@roomlog/client/checked";
import { messageText } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { sha256 } from "../../packages/client/src/checked/sha256.ts";
import { digestOf, startDigest } from "../../packages/server/src/store/proof.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/proof.md"), "utf8");

/** The vectors of docs/proof.md: title, hashed text, digest. */
const vectors = Array.from(
  PAGE.matchAll(/^> (.*)\n(\{.*)\n([0-9a-f]{64})$/gm),
  ([, title = "", text = "", digest = ""]) => ({
    title,
    text,
    digest,
  }),
);

test("[M23] the vectors of docs/proof.md are what server and client compute", () => {
  const [start, ...entries] = vectors as [(typeof vectors)[0], ...typeof vectors];
  const life = { room_id: "team", epoch: "e1" };
  expect([startDigest(life), clientStart(life), sha256(start.text)]).toEqual(Array(3).fill(start.digest));
  const check = new LogCheck("team", { epoch: "e1", msg_id: 0, digest: start.digest });
  let previous = start.digest;
  expect(entries).toHaveLength(3);
  for (const { title, text, digest } of entries) {
    const { commitment: _, previous: __, ...entry } = JSON.parse(text);
    const [, msg = "", seal = ""] = /^(\{.*?\}).* salt ([0-9a-f]{32})$/.exec(title) ?? [];
    expect(digestOf(previous, { ...entry, msg, seal })).toBe(digest);
    expect(sha256(text)).toBe(digest);
    const { op, ref, ...stamp } = entry;
    check.next(
      messageText(msg, stamp, "timestmap", { ...(op && { op }), ...(ref && { ref }), digest, salt: seal }),
    );
    expect(check.at).toEqual({ epoch: "e1", msg_id: entry.msg_id, digest });
    previous = digest;
  }
});
