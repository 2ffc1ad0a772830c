import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Logger } from "../core/logger.ts";
import { asHttpError, HttpError } from "./answers.ts";
import { runCommand } from "./command.ts";
import { type Bindings, type Ctx, errorJson, json } from "./context.ts";
import { baseOf, cutWhenStalled, type Entrance } from "./entrances.ts";
import { streamEvents } from "./events.ts";
import { exportLog } from "./export.ts";
import { deleteMessage, editMessage, listMessages, sendMessage, showMessage } from "./messages.ts";
import { openApi } from "./openapi.ts";
import { clientFile, page, pageFile } from "./page.ts";
import { listRooms, showRoom } from "./rooms.ts";

type Handler = (c: Ctx) => Response | Promise<Response>;

/** What is answered at each path of a listener, behind its own. */
const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/": { GET: page },
  "/client.js": { GET: clientFile },
  "/page.css": { GET: pageFile },
  "/page.js": { GET: pageFile },
  "/page.svg": { GET: pageFile },
  "/v1/openapi.json": { GET: describe },
  "/v1/command": { POST: runCommand },
  "/v1/rooms": { GET: listRooms },
  "/v1/rooms/:id": { GET: showRoom },
  "/v1/rooms/:id/messages": { GET: listMessages, POST: sendMessage },
  "/v1/rooms/:id/messages/:msg_id": { GET: showMessage, PUT: editMessage, DELETE: deleteMessage },
  "/v1/rooms/:id/events": { GET: streamEvents },
  "/v1/rooms/:id/export": { GET: exportLog },
};

/** The HTTP interface of a listener (section H). What it does not know is left to `otherwise`. */
export function httpApp(logger: Logger, otherwise: Handler): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>({
    // As it was written: decoded here, an id with a slash would be two.
    getPath: (_request, options) => (options as { readonly env: Bindings }).env.way.rest || "/",
  });
  // A stream sees to it itself.
  app.use(async (c, next) => {
    await next();
    if (c.res !== RESPONSE_ALREADY_SENT) cutWhenStalled(c.env.outgoing, c.env.way.entrance);
  });
  for (const [path, handlers] of Object.entries(routes)) {
    for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
    const allow = Object.keys(handlers).join(", ");
    app.all(path, (c) => errorJson(c, notAllowed(allow)));
  }
  app.all("/v1/*", (c) =>
    errorJson(c, new HttpError(404, { error: "There is nothing here; docs/http.md lists what there is." })),
  );
  app.notFound(otherwise);
  app.onError((error, c) => {
    const expected = asHttpError(error);
    if (!expected) logger.error({ err: error, path: c.env.request.path }, "an HTTP request failed");
    return errorJson(c, expected ?? new HttpError(500, { error: "Internal error" }));
  });
  return app;
}

function notAllowed(allow: string): HttpError {
  return new HttpError(405, { error: `This is read or written with ${allow}.` }, { allow });
}

/** Made once for each entrance: it takes long, and anybody may ask for it. */
const descriptions = new WeakMap<Entrance, string>();

/** H11. */
function describe(c: Ctx): Response {
  const { entrance } = c.env.way;
  const text =
    descriptions.get(entrance) ?? JSON.stringify(openApi(entrance.service.version, baseOf(entrance.path)));
  descriptions.set(entrance, text);
  return json(c, text);
}
