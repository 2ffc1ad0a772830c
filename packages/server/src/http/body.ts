import type { IncomingMessage } from "node:http";
import { shapeOf } from "../core/json-text.ts";
import { faulty, HttpError } from "./answers.ts";

/** What bounds a body: as a frame is bounded (T3, F11). */
export interface BodyLimits {
  readonly frame_bytes: number;
  readonly frame_values: number;
}

/** Deeper than any command takes; what a field may be is for the command to say (F5). */
const MAX_DEPTH = 128;

/**
 * The text of a JSON object. Throws a `HttpError`: 415 without the type application/json, which a form of a strange page
 * cannot give, 413 when it is too long, 400 when it is no object.
 */
export async function jsonObject(incoming: IncomingMessage, limits: BodyLimits): Promise<string> {
  const [type = ""] = (incoming.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json")
    throw new HttpError(415, { error: "The body has to be JSON, with Content-Type: application/json." });
  const text = decoded(await bytesOf(incoming, limits.frame_bytes)).trim();
  if (!text.startsWith("{")) throw faulty("body", "it has to be a JSON object");
  const { depth, values } = shapeOf(text, MAX_DEPTH);
  if (depth > MAX_DEPTH) throw faulty("body", `deeper than ${MAX_DEPTH} levels`);
  if (values > limits.frame_values)
    throw faulty("body", `limits.frame_values: more than ${limits.frame_values} values`);
  try {
    JSON.parse(text);
  } catch (error) {
    throw faulty("body", `no JSON: ${(error as Error).message}`);
  }
  return text;
}

async function bytesOf(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new HttpError(
      413,
      { error: `limits.frame_bytes: body over ${limit} bytes`, limit },
      { connection: "close" },
    );
  if (Number(incoming.headers["content-length"]) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, an iterator would take the connection with it, and nobody could be answered.
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > limit) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw isCut(error) ? new HttpError(400, { error: "The request broke off." }) : error;
  }
  return Buffer.concat(chunks, bytes);
}

/** Whoever asks may go at any time: that is no fault of ours, so nothing for the log. */
function isCut(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw faulty("body", "not UTF-8");
  }
}
