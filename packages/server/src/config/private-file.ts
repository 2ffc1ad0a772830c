import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file for the owner's eyes alone: after a crash it is the old one or the new one, whole. */
export function writePrivately(file: string, content: string | Uint8Array): void {
  const directory = dirname(file);
  // Not recursive when it need not be: below /proc a recursive mkdir never ends.
  if (!existsSync(directory))
    mkdirSync(directory, { recursive: !existsSync(dirname(directory)), mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  const handle = openSync(draft, "w", 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
  syncDirectory(directory);
}

/** The new name is on disk. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
