import { once } from "node:events";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";

/** A file of `test/support/tls`; `next-` ones are a second certificate and its key. */
export const tlsFile = (name: string) => join(import.meta.dirname, "tls", name);

/** A TLS connection to a server, closed when the test is finished. Rejects when there is no agreement. */
export async function tlsSocket(url: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const port = Number(new URL(url).port);
  const socket = connect({ port, servername: "localhost", rejectUnauthorized: false, ...options });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "secureConnect");
  return socket;
}

/** The head of the answer to an upgrade. */
export async function upgraded(socket: TLSSocket): Promise<string> {
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13";
  const head = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade";
  socket.write(`${head}\r\n${key}\r\n\r\n`);
  const [answer] = await once(socket, "data");
  return String(answer);
}
