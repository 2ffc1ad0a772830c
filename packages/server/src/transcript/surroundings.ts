import { pagesOf, type Reader } from "./reader.ts";
import { type Said, saidIn } from "./said.ts";

/** Who reacted with what, as far as it is shown. */
export interface Reaction {
  readonly key: string;
  readonly user_ids: ReadonlySet<string>;
}

/** What the messages of a page refer to, and what refers to them (M16). */
export interface Surroundings {
  /** By `msg_id`; without what may not be read or is gone. */
  readonly quoted: ReadonlyMap<number, Said>;
  /** By the `msg_id` that they are about. */
  readonly reactions: ReadonlyMap<number, readonly Reaction[]>;
}

export const NOTHING: Surroundings = { quoted: new Map(), reactions: new Map() };

interface Within {
  readonly room_id: string;
  readonly epoch: string;
  readonly last_id: number;
  readonly text_fields: readonly string[];
}

/** Messages of another page that are looked up. */
export async function quotedBy(
  page: readonly Said[],
  reader: Reader,
  { room_id, epoch, text_fields }: Within,
): Promise<Map<number, Said>> {
  const quoted = new Map(page.map((said) => [said.msg_id, said]));
  for (const { log } of page) {
    const { ref } = log;
    if (ref === undefined || log.op !== undefined || quoted.has(ref)) continue;
    const [found] = await reader.page({ room_id, epoch, after: ref - 1, before: ref + 1, limit: 1 });
    if (found !== undefined) quoted.set(ref, saidIn(found, text_fields));
  }
  return quoted;
}

/** The page must have been read with `refs`, which says what there is to look up. */
export async function reactionsTo(
  page: readonly Said[],
  reader: Reader,
  { room_id, epoch, last_id, text_fields }: Within,
): Promise<Map<number, Reaction[]>> {
  const found = new Map<number, Reaction[]>();
  for (const { msg_id, log } of page) {
    if (!log.refs) continue;
    const query = { room_id, epoch, ref: msg_id, before: last_id + 1 };
    const byKey = new Map<string, Set<string>>();
    for await (const texts of pagesOf(reader, query)) {
      for (const { reaction, user_id } of texts.map((text) => saidIn(text, text_fields)))
        if (reaction !== undefined) byKey.set(reaction, (byKey.get(reaction) ?? new Set()).add(user_id));
    }
    found.set(
      msg_id,
      Array.from(byKey, ([key, user_ids]) => ({ key, user_ids })),
    );
  }
  return found;
}
