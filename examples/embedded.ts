/**
 * Roomlog inside an application's own HTTP server: one port, your routes beside the rooms.
 *
 *     node --conditions=source examples/embedded.ts [PORT]
 *
 * Then open http://127.0.0.1:8080/ and http://127.0.0.1:8080/roomlog/
 */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "roomlog";

const http = createHttpServer((_request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end('<p>My own page. <a href="/roomlog/">Rooms</a>');
});

const roomlog = await createServer({ data: "./data" }, { server: http });
http.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`rooms at ${roomlog.urls.join(", ")}`);
});

process.once("SIGINT", () => {
  // First the rooms, in order, then your own connections.
  void roomlog.close().then(() => {
    http.close();
    http.closeIdleConnections();
  });
});
