import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A way to a server on which the first connection ends in place of the first bytes from the server that have `mark` in them. */
export async function cuttingProxy(
  url: string,
  mark: string,
): Promise<{ readonly url: string; readonly cuts: () => number }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => to.destroy());
      from.on("data", (bytes) => {
        if (from === client || cuts > 0 || !bytes.includes(mark)) return void to.write(bytes);
        cuts += 1;
        client.destroy();
      });
    }
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, cuts: () => cuts };
}
