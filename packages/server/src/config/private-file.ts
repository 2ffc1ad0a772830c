import {
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file for the owner's eyes alone: after a crash it is the old one or the new one, whole. What root writes belongs
 * to who has the directory: the server runs as him, and has to read it.
 */
export function writePrivately(file: string, content: string | Uint8Array): void {
  const directory = dirname(file);
  // Not recursive when it need not be: below /proc a recursive mkdir never ends.
  if (!existsSync(directory))
    mkdirSync(directory, { recursive: !existsSync(dirname(directory)), mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  // Not through a link that somebody has put there.
  rmSync(draft, { force: true });
  const handle = openSync(draft, "wx", 0o600);
  try {
    if (process.getuid?.() === 0) giveTo(directory, handle);
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
  syncDirectory(directory);
}

function giveTo(directory: string, handle: number): void {
  const { uid, gid } = statSync(directory);
  fchownSync(handle, uid, gid);
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
