import { createHash } from "node:crypto";
import { PATH } from "../frame/config.ts";

const ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Why the head of a request is no valid upgrade to the listener (RFC 6455 §4.2.1, RFC 9112, T2); undefined when it may
 * be one. `bytes` is all that was sent.
 */
export function faultOfUpgrade(bytes: string): string | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return "the head does not end";
  // Empty lines in front of a request are passed over (RFC 9112 §2.2).
  const [line = "", ...fields] = bytes
    .slice(0, end)
    .replace(/^[\r\n]+/, "")
    .split("\r\n");
  const [, target] = /^GET (\S+) HTTP\/1\.1$/.exec(line) ?? [];
  if (target === undefined) return `the request line is ${line}`;
  if (URL.parse(target, "ws://localhost")?.pathname !== PATH) return `the path is ${target}`;
  const headers = new Map<string, string[]>();
  for (const field of fields) {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined) return `a header is ${JSON.stringify(field)}`;
    if (/[\0\r\n]/.test(value)) return "a header has control characters";
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  const lengths = new Set(headers.get("content-length"));
  if (lengths.size + (headers.has("transfer-encoding") ? 1 : 0) > 1) return "its length is in doubt";
  if (headers.get("host")?.length !== 1) return "it has not one Host";
  return faultOfHeaders((name) => headers.get(name)?.join(", "));
}

function faultOfHeaders(header: (name: string) => string | undefined): string | undefined {
  if (header("upgrade")?.toLowerCase() !== "websocket") return "no Upgrade to websocket";
  if (!/(^|,)\s*upgrade\s*(,|$)/i.test(header("connection") ?? "")) return "Connection is not upgrade";
  if (!/^[+/0-9A-Za-z]{22}==$/.test(header("sec-websocket-key") ?? "")) return "no key of 16 bytes";
  if (!["13", "8"].includes(header("sec-websocket-version") ?? "")) return "another version";
  return undefined;
}

/** Why an answer with 101 is not one to this request; undefined when it is. */
export function faultOfAnswer(bytes: string, answer: string): string | undefined {
  const key = /^sec-websocket-key:[ \t]*(\S+)/im.exec(bytes)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}${ACCEPT_SALT}`).digest("base64");
  if (!answer.includes(`\r\nSec-WebSocket-Accept: ${accept}\r\n`)) return "another key is accepted";
  if (/^sec-websocket-extensions:/im.test(answer)) return "an extension is agreed on";
  const agreed = /^sec-websocket-protocol:[ \t]*(\S*)/im.exec(answer)?.[1];
  const [, offered = ""] = /^sec-websocket-protocol:(.*)$/im.exec(bytes) ?? [];
  const isOffered = agreed === undefined || offered.split(",").some((one) => one.trim() === agreed);
  return isOffered ? undefined : "a protocol is agreed on that was not offered";
}
