import type { ErrorCode, JsonObject } from "@roomlog/protocol";
import * as z from "zod";
import { missingField, RequestError, syntaxError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { fits, lightCopyOf, membersOf, memberText } from "./json-text.ts";
import type { Call, Command } from "./plugin.ts";
import type { Afterwards, Request, Serving } from "./requests.ts";
import type { RoomRights } from "./room-rights.ts";
import type { Session } from "./session.ts";
import type { OpenSession } from "./sessions.ts";
import { UsualRequest } from "./usual-request.ts";

/** Finds the command of a request among those of the service's plugins, validates and runs it. */
export class Dispatcher {
  readonly #commands = new Map<string, Known>();
  readonly #hub: Hub;
  readonly #roomRights: RoomRights;

  constructor(commands: readonly Command[], hub: Hub, roomRights: RoomRights) {
    this.#hub = hub;
    this.#roomRights = roomRights;
    for (const command of commands) {
      const name = nameOf(command);
      if (this.#commands.has(name)) throw new Error(`two plugins define the command ${name}`);
      this.#commands.set(name, { command, fields: fieldsOf(command) });
    }
  }

  /** Throws 100031 before login, 100042 or 100006 for what is not there (C6), 100032 for a second login. */
  serve(request: Request, session: Session): Serving {
    const known = this.#commands.get(nameOf(request));
    if (!session.identity && !known?.command.beforeLogin) throw new RequestError(100031);
    if (!known) throw unknown(request);
    const { pipelined = false, acked = false, detached = false, beforeLogin } = known.command;
    if (session.identity && beforeLogin) throw new RequestError(100032);
    return { pipelined, acked, detached, run: (...call) => this.#run(known, session, ...call) };
  }

  /** What a request over a rate is answered (Q3). */
  overRate(request: Pick<Request, "class" | "subclass" | "cmd">): ErrorCode {
    return this.#commands.get(nameOf(request))?.command.overRate ?? 100050;
  }

  #run({ command, fields }: Known, session: Session, request: Request, afterwards: Afterwards) {
    checkLengths(command, request, session.limits.field_bytes);
    const data = dataFor(command, request);
    const unknown = fields && unknownFields(fields, data);
    if (unknown) afterwards(this.#tellingUnrecognized(unknown, request, session));
    const valid = validate(command.schema, data);
    this.#requireRight(command, session, valid as { readonly room_id?: unknown });
    const act = command.audited && session.act(nameOf(command), named(command, valid));
    if (act && !command.auditsItself) afterwards(act, "done");
    return command.run(new Received(valid, session, { afterwards, audit: act ?? nothing }, request));
  }

  /** L8, L10, R8: by what was granted, and in a room by what the room says too. */
  #requireRight(
    { right, judgedBy = "room", isOwn }: Command,
    { identity }: Session,
    data: { readonly room_id?: unknown },
  ): void {
    if (!identity || isOwn?.(data, identity)) return;
    const { rights } = identity;
    const { room_id } = data;
    if (judgedBy === "any grant") return requireThat(rights.maySomewhere(right), right);
    if (typeof room_id !== "string") return requireThat(rights.may(right), right);
    if (judgedBy === "grants") return requireThat(rights.mayIn(room_id, right), right);
    this.#roomRights.require(identity, right, room_id);
  }

  /** C8. What it gives back keeps nothing else of the request: the answer may take its time. */
  #tellingUnrecognized(unknown: readonly string[], request: Request, session: Session): () => void {
    const { class: cls, subclass, cmd } = request;
    const obj_id = session.identity?.session_id ?? "*";
    const body = { class: cls, subclass, cmd, fields: fitting(unknown, session.limits.field_bytes) };
    const event = { class: "core", subclass: "session_event", type: "unrecognized_fields", obj_id, body };
    return () => this.#hub.publish(event);
  }
}

function nothing(): void {}

function requireThat(isAllowed: boolean, right: string | undefined): void {
  if (!isAllowed) throw new RequestError(100030, { right });
}

/** A command, and the fields it knows; undefined when it does not say, or is told of everything. */
interface Known {
  readonly command: Command;
  readonly fields: ReadonlySet<string> | undefined;
}

function fieldsOf({ schema, beforeLogin }: Command): ReadonlySet<string> | undefined {
  return schema instanceof z.ZodObject && !beforeLogin ? new Set(Object.keys(schema.shape)) : undefined;
}

function unknownFields(fields: ReadonlySet<string>, data: object): string[] | undefined {
  const names = Object.keys(data);
  return names.every((name) => fields.has(name)) ? undefined : names.filter((name) => !fields.has(name));
}

/** As many of the names as fit into a field of `bytes` (F10). */
function fitting(names: readonly string[], bytes: number): string[] {
  let rest = bytes;
  return names.filter((name) => {
    rest -= Buffer.byteLength(name);
    return rest >= 0;
  });
}

function dataFor({ longField }: Command, request: Request): JsonObject {
  return request instanceof UsualRequest ? request.dataWithout(longField) : request.data;
}

/** A request as its command sees it. */
class Received implements Call<unknown> {
  readonly data: unknown;
  readonly connection: Session;
  readonly afterwards: Afterwards;
  readonly audit: () => void;
  readonly raw: (field: string) => string | undefined;

  constructor(
    data: unknown,
    connection: Session,
    { afterwards, audit }: Pick<Call<unknown>, "afterwards" | "audit">,
    request: Request,
  ) {
    this.data = data;
    this.connection = connection;
    this.afterwards = afterwards;
    this.audit = audit;
    this.raw = rawFieldsOf(request);
  }

  get session(): OpenSession {
    return opened(this.connection);
  }
}

/** The fields of a command that the audit log names. */
function named({ audited = [] }: Command, data: unknown): object {
  return Object.fromEntries(Object.entries(data as object).filter(([name]) => audited.includes(name)));
}

/** F10: what stays in memory is bounded, and what is parsed at all. Most requests are shorter as a whole. */
function checkLengths({ longField }: Command, { text }: Request, limit: number): void {
  if (fits(text, limit)) return;
  const data = memberText(text, "data");
  for (const { key, start, end } of data?.startsWith("{") ? membersOf(data) : []) {
    if (key === longField || fits((data as string).slice(start, end), limit)) continue;
    throw new RequestError(100044, { detail: key, field: key, limit, setting: "limits.field_bytes" });
  }
}

/** C7: of several problems a wrong value is named before a missing field. */
function validate(schema: z.ZodType, data: object): unknown {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path }) => String(path[0]));
  const wrong = fields.find((field) => Object.hasOwn(data, field));
  throw wrong === undefined ? missingField(fields[0] ?? "data") : syntaxError(wrong);
}

function opened(session: Session): OpenSession {
  if (!session.identity) throw new RequestError(100031);
  return session as OpenSession;
}

/** Of a request that waits only the text is kept: parsed it can take twenty times the memory. */
function rawFieldsOf(request: Request): (field: string) => string | undefined {
  const { text } = request;
  const find =
    request instanceof UsualRequest
      ? (field: string) => request.raw(field)
      : (field: string) => foundField(text, field);
  return (field) => {
    const value = find(field);
    return value && lightCopyOf(value, text);
  };
}

function foundField(text: string, field: string): string | undefined {
  const data = memberText(text, "data");
  return data?.startsWith("{") ? memberText(data, field) : undefined;
}

function unknown({ class: cls, cmd }: Request): RequestError {
  return cls === "core" ? new RequestError(100042, { detail: cmd }) : new RequestError(100006);
}

function nameOf({ class: cls, subclass, cmd }: { class: string; subclass: string; cmd: string }): string {
  return `${cls}/${subclass}/${cmd}`;
}
