import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PAGE_FOLDER } from "../page-folder.ts";
import type { PlainRequest } from "../transport/transport.ts";
import { HttpError } from "./answers.ts";
import type { Ctx } from "./context.ts";
import { upgradeRequired } from "./upgrade-required.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** What keeps a page from being used against its reader: nothing is loaded but its own files, nothing is framed. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
};

const A_YEAR = "max-age=31536000";

/** H8: the page of a listener, to who asks for HTML. */
export async function page(c: Ctx): Promise<Response> {
  const { way } = c.env;
  if (!way.entrance.page) return upgradeRequired(c.env.request);
  if (!c.req.header("accept")?.includes("text/html")) return upgradeRequired(c.env.request);
  // What the page names stands beside it, so its own address ends with a slash.
  if (way.rest === "") {
    const location = `${way.entrance.path.split("/").at(-1)}/${new URL(c.req.url).search}`;
    return c.body(null, 308, { location });
  }
  return fileAt(c, new URL("index.html", PAGE_FOLDER));
}

/** H8: what the page is made of beside its HTML. */
export async function pageFile(c: Ctx): Promise<Response> {
  const { way, request } = c.env;
  if (!way.entrance.page) return upgradeRequired(request);
  return fileAt(c, new URL(way.rest.slice(1), PAGE_FOLDER)).catch(() => upgradeRequired(request));
}

/** H8: the client for browsers as one module, also for pages of others. */
export async function clientFile(c: Ctx): Promise<Response> {
  if (!c.env.way.entrance.page) return upgradeRequired(c.env.request);
  const client = clientUrl();
  const missing = new HttpError(404, { error: "The client is not built; run: npm run build" });
  if (!client) throw missing;
  return fileAt(c, client).catch(() => {
    throw missing;
  });
}

/** Where the built client lies; undefined when its package is not installed. */
function clientUrl(): URL | undefined {
  try {
    return new URL("../dist/roomlog-client.js", import.meta.resolve("@roomlog/client"));
  } catch {
    return undefined;
  }
}

async function fileAt({ env }: Ctx, url: URL): Promise<Response> {
  const path = fileURLToPath(url);
  const headers: Record<string, string> = {
    ...HEADERS,
    "content-security-policy": `${POLICY}; connect-src 'self'${socketOf(env.request)}`,
    "content-type": TYPES[path.split(".").at(-1) ?? ""] ?? "",
  };
  if (env.request.secure) headers["strict-transport-security"] = A_YEAR;
  return new Response(await readFile(path), { headers });
}

/** The socket beside the page, for browsers that do not count it to `'self'`; `ws:` stands for `wss:` too (CSP 3, §6.7.2.8). */
function socketOf({ host = "" }: PlainRequest): string {
  return /^[\w.:[\]-]+$/.test(host) ? ` ws://${host}` : "";
}
