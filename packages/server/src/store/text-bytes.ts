import type { Message } from "./store.ts";

/** UTF-8 bytes of all that was written in a message as it is shown: its body, its wordings (M15), why it was deleted, whom it mentions. */
export function textBytes({ msg, log }: Message): number {
  const bytes = Buffer.byteLength(msg);
  if (!log) return bytes;
  const { versions = [], deleted, mentions = [] } = log;
  const others = [deleted?.reason ?? "", ...mentions, ...versions.map((version) => version.msg)];
  return others.reduce((sum, text) => sum + Buffer.byteLength(text), bytes);
}
