import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import type { ConfigInput, ServerParts } from "roomlog";
import { onTestFinished } from "vitest";
import { EventStream } from "./event-stream.ts";
import type { Frame } from "./raw-client.ts";
import { serverForTest } from "./server.ts";

/** What came back; `body` is parsed when it is JSON. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Frame;
}

/** `http://HOST:PORT` of a server's URL. */
export const httpOf = (url: string) => url.replace(/^ws/, "http").replace(/\/$/, "");

export const basic = (user: string, password = "secret") => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

/** A server with the room "r", and who talks to it in HTTP. */
export async function httpServer(config: ConfigInput = {}, parts: ServerParts = {}) {
  const server = await serverForTest(config, parts);
  return { server, ...httpClient(httpOf(server.url)) };
}

export function httpClient(base: string) {
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    answered(fetch(new URL(path, base), { headers, method, redirect: "manual" }));
  const post = (
    path: string,
    body: string | object,
    headers: Record<string, string> = {},
    method: "POST" | "PUT" = "POST",
  ) =>
    answered(
      fetch(new URL(path, base), {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  return {
    base,
    get,
    post,
    put: (path: string, body: string, headers?: Record<string, string>) => post(path, body, headers, "PUT"),
    remove: (path: string, headers?: Record<string, string>) => get(path, headers, "DELETE"),
    /** `class/subclass/cmd` through H3. */
    command(name: string, data: object = {}, headers: Record<string, string> = {}) {
      const [cls, subclass, cmd] = name.split("/");
      return post("/v1/command", { class: cls, subclass, cmd, data }, headers);
    },
    async events(path: string, headers: Record<string, string> = {}) {
      const stream = await EventStream.open(`${base}${path}`, { headers });
      onTestFinished(() => stream.close());
      return stream;
    },
  };
}

async function answered(response: Promise<Response>): Promise<Answered> {
  const { status, headers, ...rest } = await response.then(async (one) => ({
    status: one.status,
    headers: one.headers,
    text: await one.text(),
  }));
  const isJson = headers.get("content-type") === "application/json" && rest.text !== "";
  return { status, headers, text: rest.text, body: isJson ? JSON.parse(rest.text) : undefined };
}

/** The address of a relation in a `Link` header (RFC 8288). */
export function linkTo(rel: string, headers: Headers): string | undefined {
  return new RegExp(`<([^>]*)>; rel="${rel}"`).exec(headers.get("link") ?? "")?.[1];
}

/** Writes these bytes on a connection of their own; gives back all that comes until the server ends it. */
export async function plainExchange(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  let received = "";
  socket.setEncoding("latin1").on("error", () => {});
  socket.on("data", (text) => {
    received += text;
  });
  socket.write(bytes);
  await once(socket, "close");
  return received;
}

/** The status of a GET of a path that is sent as it is written. */
export async function statusAt(base: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(base);
  const asked = request({ hostname, port, path, agent: false }).end();
  const [{ statusCode }] = await once(asked, "response");
  asked.destroy();
  return statusCode;
}
