import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import type { Ending } from "./exit.ts";
import { Failure } from "./failure.ts";

/** Time to find out, in milliseconds. */
const PATIENCE_MS = 5000;

const ENDINGS: Readonly<Record<number, Ending>> = {
  401: "refused",
  403: "refused",
  429: "later",
  503: "later",
};

/** A WebSocket does not say why it could not be opened; so the same is asked as plain HTTP. */
export async function whyUnreachable(url: string, cause: unknown): Promise<Failure> {
  try {
    const response = await upgrade(url);
    const said = (await text(response)).trim();
    const ending = ENDINGS[response.statusCode ?? 0] ?? "unavailable";
    const sentence = `${url} does not take the connection: HTTP ${response.statusCode}, ${said || "without a reason"}`;
    return new Failure(ending, sentence, { cause });
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return new Failure("unavailable", sentenceFor(code, message, url), { cause: error });
  }
}

function sentenceFor(code: string, message: string, url: string): string {
  const { hostname, protocol } = new URL(url);
  const elsewhere = "give --url, or set ROOMLOG_URL";
  if (code === "ECONNREFUSED")
    return `nothing listens at ${url}: start it with "roomlog serve", or ${elsewhere}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `there is no host ${hostname}: ${elsewhere}`;
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return `the certificate of ${url} is not trusted (${message}): NODE_EXTRA_CA_CERTS names a file with its issuer`;
  if (code === "EPROTO" || code === "ECONNRESET" || code.startsWith("HPE_"))
    return `what listens at ${url} does not speak ${protocol.slice(0, -1)} (${message}): ${elsewhere}`;
  return `${url} cannot be reached (${message}): ${elsewhere}`;
}

/** The answer to the handshake; rejects when there is none, or when it would be taken now. */
function upgrade(url: string): Promise<IncomingMessage> {
  const request = url.startsWith("wss:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const asked = request(url.replace(/^ws/, "http"), {
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "cm9vbWxvZyByb29tbG9nIQ==",
      },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    asked.on("response", resolve).on("error", reject).end();
    asked.on("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new Error("the connection ended at once; try again"));
    });
  });
}
