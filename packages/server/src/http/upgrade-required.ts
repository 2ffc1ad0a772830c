import type { PlainRequest } from "../transport/transport.ts";

/** What a listener answers that is asked in HTTP for what it has not (T2). */
export function upgradeRequired({ secure }: PlainRequest): Response {
  const text = `Roomlog speaks WebSocket here; connect with a ${secure ? "wss" : "ws"}:// address.\n`;
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    upgrade: "websocket",
    connection: "upgrade",
  };
  return new Response(text, { status: 426, headers });
}
