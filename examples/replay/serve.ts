/**
 * A recording with the chat of its room beside it, in step: play, pause, seek, another speed.
 *
 *     npm run build
 *     node --conditions=source examples/replay/serve.ts VIDEO [PORT]
 *
 * VIDEO is a .webm or .mp4 file; the room is read from ./data, which no other server may use meanwhile. Then open
 * http://127.0.0.1:8080/?room=lobby&start=2026-11-26T19:00:00Z, `start` being when the recording begins.
 */
import type { AddressInfo } from "node:net";
import { createServer, StoreError } from "roomlog";
import { pageServer } from "./files.ts";

const [video, port = "8080"] = process.argv.slice(2);
if (video === undefined) {
  console.error("usage: node --conditions=source examples/replay/serve.ts VIDEO [PORT]");
  process.exit(64);
}

const http = pageServer(video);
const roomlog = await createServer({ data: "./data" }, { server: http }).catch(endWith);
http.listen(Number(port), "127.0.0.1", () => {
  const { port } = http.address() as AddressInfo;
  console.log(`http://127.0.0.1:${port}/?room=lobby&start=2026-11-26T19:00:00Z`);
});

process.once("SIGINT", () => {
  void roomlog.close().then(() => {
    http.close();
    http.closeAllConnections();
  });
});

/** A data folder that cannot be used, as one that another server has: a sentence says why. */
function endWith(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  console.error(error.message);
  process.exit(74);
}
