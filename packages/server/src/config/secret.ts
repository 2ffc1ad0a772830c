import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError } from "./config.ts";
import { writePrivately } from "./private-file.ts";

const BYTES = 32;

/** What only this server knows, the same after a restart (L13). A store in memory has one for each start. */
export function secretOf({ store, data }: Config): Buffer {
  if (store.kind === "memory") return randomBytes(BYTES);
  const file = join(data, "secret.key");
  const kept = readIfThere(file);
  if (kept?.length === BYTES) return kept;
  if (kept)
    throw new ConfigError(`data: ${file} is not a key of ${BYTES} bytes; remove it, a new one is made`);
  const secret = randomBytes(BYTES);
  writePrivately(file, secret);
  return secret;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ConfigError(`data: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
