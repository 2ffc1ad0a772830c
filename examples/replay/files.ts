import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";

/** A file of the page, and its type. */
type Served = readonly [file: string, type: string];

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** An HTTP server with the page, and the recording as `/video`: browsers seek in it by asking for parts (`Range`). */
export function pageServer(video: string): Server {
  const files: Readonly<Record<string, Served>> = {
    "/": [beside("index.html"), "text/html; charset=utf-8"],
    "/replay.css": [beside("replay.css"), "text/css; charset=utf-8"],
    "/replay.js": [beside("replay.js"), "text/javascript; charset=utf-8"],
    "/video": [video, video.endsWith(".mp4") ? "video/mp4" : "video/webm"],
  };
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const served = files[pathname];
    if (served) send(request, response, served).catch(() => response.writeHead(404).end());
    else response.writeHead(404).end();
  });
}

async function send(request: IncomingMessage, response: ServerResponse, [file, type]: Served): Promise<void> {
  const { size } = await stat(file);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) : size - 1, size - 1);
  const headers = { "content-type": type, "content-length": end - start + 1, "accept-ranges": "bytes" };
  if (start > end) response.writeHead(416, { "content-range": `bytes */${size}` }).end();
  else {
    if (from === undefined) response.writeHead(200, headers);
    else response.writeHead(206, { ...headers, "content-range": `bytes ${start}-${end}/${size}` });
    createReadStream(file, { start, end }).pipe(response);
  }
}
