/**
 * A program that is told by a webhook what is stored. It prints each message once, in the order of its room. In the
 * configuration of the server:
 *
 *     services: { main: { webhooks: [{ name: printer, url: "http://127.0.0.1:8080/", secret: !env WEBHOOK_SECRET }] } }
 *
 * Then, with the same secret: `WEBHOOK_SECRET=… node examples/webhook-receiver.ts 8080`
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/** A signature is good for so long, in seconds: what is overheard cannot be sent again later. */
const SIGNATURE_SECONDS = 300;

interface Payload {
  readonly room_id: string;
  readonly epoch: string;
  readonly messages: readonly { readonly msg_id: number }[];
  readonly destroyed?: true;
}

/** Whether the body comes from who knows the secret, and came just now. */
function isGenuine(header: string, body: string, secret: string): boolean {
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (seconds === undefined || hex === undefined) return false;
  if (Math.abs(Date.now() / 1000 - Number(seconds)) > SIGNATURE_SECONDS) return false;
  const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(hex, "hex"));
}

/** The newest message of each life of a room. A program that must not do things twice keeps this in its database. */
const seen = new Map<string, number>();

function take({ room_id, epoch, messages, destroyed }: Payload): void {
  const life = `${room_id} ${epoch}`;
  for (const message of messages) {
    // At least once: what was not known to be answered comes again.
    if (message.msg_id <= (seen.get(life) ?? 0)) continue;
    seen.set(life, message.msg_id);
    console.log(room_id, JSON.stringify(message));
  }
  if (destroyed) seen.delete(life);
}

const { WEBHOOK_SECRET: secret = "" } = process.env;
if (secret === "") throw new Error("Set WEBHOOK_SECRET to the secret of the webhook.");

async function answer(request: IncomingMessage): Promise<number> {
  const body = await text(request);
  if (!isGenuine(String(request.headers["roomlog-signature"]), body, secret)) return 401;
  take(JSON.parse(body));
  // Only now: what is answered with 2xx does not come again.
  return 204;
}

const server = createServer((request, response) => {
  answer(request).then(
    (status) => response.writeHead(status).end(),
    () => response.destroy(),
  );
});

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.error("listening", (server.address() as { port: number }).port);
});
