import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { closeCodes } from "@roomlog/protocol";
import { memberText } from "../core/json-text.ts";
import type { Ended } from "../transport/transport.ts";
import { HttpError } from "./answers.ts";
import { type Ctx, callerOf, resultOf } from "./context.ts";
import type { LocalClient } from "./local-client.ts";
import { logIn } from "./login.ts";
import { dataOf, jsonIn, numberIn } from "./query.ts";

/** So often something is sent when nothing happens: proxies close what is silent for a minute; in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** So long the last event may wait to be taken, in milliseconds. */
const LAST_EVENT_MS = 1000;

/** The next life of the room is read from its start. */
const BEGINNING = 0;

/** H7: the messages of a room as they come (M10), and its other events, as server-sent events. */
export async function streamEvents(c: Ctx): Promise<Response> {
  if (c.req.method === "HEAD")
    throw new HttpError(405, { error: "Events are read with GET." }, { allow: "GET" });
  const room_id = c.req.param("id") as string;
  const cursor = cursorIn(c);
  const stream = new EventStream(c.env.outgoing as ServerResponse, room_id);
  const client = await logIn(callerOf(c), c.env.parts, (frame, taken) => stream.event(frame, taken));
  // First of all: from here on it may be kicked, or end.
  attend(client, stream, c);
  try {
    const asked = { name: "media/room/msglog_subscribe", data: { room_id, ...cursor } } as const;
    const state = resultOf(await client.call(asked.name, JSON.stringify(asked.data)), asked);
    const others = { class: "media", subclass: "room", obj_id: room_id };
    // Without the right to it there are messages alone.
    await client.call("core/event/subscribe", JSON.stringify(others));
    stream.begin(state);
    return RESPONSE_ALREADY_SENT;
  } catch (error) {
    client.end();
    throw error;
  }
}

/** Where to go on: behind the message whose id came last (H7). */
function cursorIn(c: Ctx): Record<string, unknown> {
  const {
    "Last-Event-ID": asked,
    after = asked,
    epoch,
    where,
    digest,
  } = dataOf(c.req.url, {
    "Last-Event-ID": "text",
    after: "number",
    epoch: "text",
    where: "text",
    digest: "flag",
  });
  const last = c.req.header("last-event-id") || `${after ?? ""}`;
  return {
    ...(last !== "" && { after: numberIn(last) }),
    ...(epoch !== undefined && { epoch }),
    ...(where !== undefined && { where: jsonIn("where", String(where)) }),
    ...(digest !== undefined && { digest }),
  };
}

/** The stream ends with its session, and the session with its stream. */
function attend(client: LocalClient, stream: EventStream, { env }: Ctx): void {
  const { clock } = env.parts;
  const stopBeats = clock.every(HEARTBEAT_MS, () => {
    if (client.waiting === 0) stream.beat();
  });
  client.onEnded = (how) => {
    stopBeats();
    stream.end(how);
  };
  const { user_id } = client.session.identity ?? {};
  stream.onRemoved = (user, type) => {
    if (user === user_id) client.session.close(closeCodes.session_stopped, `${type}: nothing more comes`);
  };
  env.outgoing.once("close", () => client.end());
  if (env.outgoing.closed) client.end();
}

/** Server-sent events on a response; what comes before it has begun waits. */
class EventStream {
  readonly #response: ServerResponse;
  readonly #room_id: string;
  /** Called when somebody was kicked or banned (R9), and hears nothing more of the room. */
  onRemoved: (user_id: unknown, type: string) => void = () => {};
  #early: (() => void)[] | undefined = [];

  constructor(response: ServerResponse, room_id: string) {
    this.#response = response;
    this.#room_id = room_id;
  }

  begin(state: string): void {
    this.#response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    this.#response.write(textOf({ name: "subscribed", data: state }));
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const write of early) write();
  }

  event(frame: string, taken: () => void): void {
    if (this.#early) return void this.#early.push(() => this.event(frame, taken));
    const text = this.#textOf(memberText(frame, "data") as string);
    if (text === undefined) taken();
    else this.#response.write(text, taken);
  }

  beat(): void {
    if (!this.#early) this.#response.write(":\n\n");
  }

  /** Who does not take even the last event is cut off: nobody counts his connection any more. */
  end(how: Ended): void {
    if (this.#early) return void this.#early.push(() => this.end(how));
    const { code, reason = "" } = how;
    if (!this.#response.writable) return;
    this.#response.end(textOf({ name: "closed", data: JSON.stringify({ code, reason }) }));
    this.#response.setTimeout(LAST_EVENT_MS, () => this.#response.destroy());
  }

  /** Undefined for what does not concern the room. */
  #textOf(event: string): string | undefined {
    const [cls, type, obj_id] = ["class", "type", "obj_id"].map((key) => parsed(memberText(event, key)));
    if (cls !== "media" || obj_id !== this.#room_id) return undefined;
    const data = memberText(event, "body") ?? "{}";
    if (type === "msglog_new_msg") return textOf({ id: memberText(data, "msg_id") as string, data });
    if (type === "destroyed") return textOf({ id: String(BEGINNING), name: type, data });
    if (type === "kicked" || type === "banned") this.onRemoved(parsed(memberText(data, "user_id")), type);
    return textOf({ name: String(type), data });
  }
}

/** One event as it stands on the wire. Of JSON only white space has ends of lines. */
function textOf({
  id,
  name,
  data,
}: {
  readonly id?: string;
  readonly name?: string;
  readonly data: string;
}): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(name === undefined ? [] : [`event: ${name}`]),
    ...data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
  ];
  return `${lines.join("\n")}\n\n`;
}

function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
