import { humaneCount } from "./output.ts";

const BAR = 24;

/** Between two drawings, in milliseconds. */
const PAUSE_MS = 100;

export interface Progress {
  /** So many are done, of so many if that is known. */
  at(done: number, total?: number): void;
  /** Takes the line away again. */
  end(): void;
}

/** A line on stderr that tells how far a command is; nothing unless a person looks at stderr. */
export function progress(what: string): Progress {
  const { stderr } = process;
  if (!stderr.isTTY) return { at() {}, end() {} };
  const began = performance.now();
  let drawn = 0;
  return {
    at(done, total) {
      const now = performance.now();
      if (now - drawn < PAUSE_MS) return;
      drawn = now;
      const rate = Math.round((done * 1000) / Math.max(now - began, 1));
      const line = `${bar(done, total)}${humaneCount(done)} ${what}, ${humaneCount(rate)}/s`;
      stderr.write(`\r\u001b[K${line.slice(0, stderr.columns - 1)}`);
    },
    end() {
      if (drawn > 0) stderr.write("\r\u001b[K");
    },
  };
}

function bar(done: number, total: number | undefined): string {
  if (!total) return "";
  const part = Math.min(done / total, 1);
  const full = Math.round(part * BAR);
  return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${Math.floor(part * 100)} %  `;
}
