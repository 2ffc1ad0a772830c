/**
 * The door through which plugins, the built-in ones included, reach the server. A plugin sees this module and
 * the protocol, nothing else of the core.
 */
import type { ErrorCode } from "@roomlog/protocol";
import { type CommandData, type CommandName, type CommandResult, commands } from "@roomlog/protocol/commands";
import * as z from "zod";
import type { Stop } from "./clock.ts";
import type { RequestError } from "./errors.ts";
import type { Answer } from "./frames.ts";
import type { HookPoints } from "./hook-points.ts";
import type { Hook, HookTypes } from "./hooks.ts";
import type { Measure } from "./measures.ts";
import type { Afterwards } from "./requests.ts";
import type { Service } from "./service.ts";
import type { Identity, Session } from "./session.ts";
import type { OpenSession } from "./sessions.ts";

export { AuthenticatorBusy, type Credentials, type Grant, type GrantedRight } from "../auth/auth.ts";
export { answerText, type SignedPost, signedPost } from "../outgoing/signed-post.ts";
export type {
  Bounds,
  DeadLetter,
  Erasable,
  ErasePlace,
  Erasure,
  KeptWebhook,
  Life,
  SchemaVersion,
  Trimmed,
  Undelivered,
} from "../store/store.ts";
export { MOST_MENTIONS, ONE_SCANNED } from "../store/store.ts";
export type { Clock, Stop } from "./clock.ts";
export type { Cursors } from "./cursors.ts";
export type { Deliveries } from "./deliveries.ts";
export type { Subscriber } from "./delivery.ts";
export { type ErrorDetails, missingField, RelayedError, RequestError, syntaxError } from "./errors.ts";
export type { Answer } from "./frames.ts";
export type { HookPoints } from "./hook-points.ts";
export type { Hub, Pattern } from "./hub.ts";
export { JsonText, toJson, withField } from "./json-text.ts";
export type { AppendOutcome, Log, LogOptions, LogStretch, Sent } from "./log.ts";
export type { Logger } from "./logger.ts";
export { isLoopback } from "./loopback.ts";
export type { Marks } from "./marks.ts";
export { counter, gauge, type Measure } from "./measures.ts";
export { Quota } from "./quota.ts";
export type { Replays } from "./replays.ts";
export { matchesRoom, Rights } from "./rights.ts";
export type { RoomSchemas } from "./room-schemas.ts";
export type { Rooms } from "./rooms.ts";
export type { Service } from "./service.ts";
export type { Identity, Session } from "./session.ts";
export { SessionRate } from "./session-rate.ts";
export type { OpenSession } from "./sessions.ts";
export type { Reply } from "./unanswered.ts";

/** One request, given to the command that serves it. */
export interface Call<Data> {
  /** Validated by the command's schema. */
  readonly data: Data;
  /** The session that asks. Before login there is only `connection`. */
  readonly session: OpenSession;
  readonly connection: Session;
  /** The text of a field of `data` exactly as it was received (M7); undefined when it is absent. */
  raw(field: string): string | undefined;
  /**
   * Does something after the ok answer has been sent; when the command fails not at all, or all the same with `always`. With
   * `done` as soon as it has succeeded, also when nobody is there any more to be answered.
   */
  readonly afterwards: Afterwards;
  /** Writes the line that a command which `auditsItself` is due for; nothing for others. */
  audit(): void;
}

/**
 * An answer that comes later, by a callback. It is sent in the same turn in which it becomes known, ahead of
 * everything that is sent after it in that turn (E7). A promise would come too late for that.
 */
export class Later<Result> {
  readonly start: (settle: (answer: Result | Error) => void) => void;
  constructor(start: (settle: (answer: Result | Error) => void) => void) {
    this.start = start;
  }
}

/** An answer without data, once something is done; or why it could not be. */
export function whenDone(
  start: (settle: (failure: RequestError | undefined) => void) => void,
): Later<Record<string, never>> {
  return new Later((settle) => start((failure) => settle(failure ?? {})));
}

/** What a command may give back: its result, or when it will be known. */
export type Answered<Result> = Result | Later<Result> | Promise<Result | Later<Result>>;

/** A command: where it is found, what it takes, what it does. */
export interface Command<Data = unknown, Result = Answer> {
  readonly class: string;
  readonly subclass: string;
  readonly cmd: string;
  readonly schema: z.ZodType<Data>;
  /** The right it needs; without one everybody may call it. */
  readonly right?: string;
  /**
   * What decides whether somebody has it: what the room of `data.room_id` says and what was granted to him (`room`, the
   * default); grants alone; or a grant for any room, when the command itself looks at each room.
   */
  readonly judgedBy?: "room" | "grants" | "any grant";
  /** Whether it concerns only who asks, who then needs no right. */
  isOwn?(data: Data, who: Identity): boolean;
  /**
   * Whether requests of one connection may run side by side while they keep their order in the log: `pipelined`
   * ones share a commit with their pipelined neighbours, every other one waits for those before it (F6). A
   * pipelined command that gives back a promise holds up what follows until it knows what it will do.
   */
  readonly pipelined?: boolean;
  /**
   * The one field that may be longer than `limits.field_bytes` (F10). It is asked for as text (`raw`): where it is an
   * object, `data` may have an empty one in its place.
   */
  readonly longField?: string;
  /** Sends `{"ack": tid}` before anything else (F3, L1). */
  readonly acked?: boolean;
  /** Whether what follows on the connection does not wait for the answer, which comes after an ack (F6). */
  readonly detached?: boolean;
  /** Whether it is for connections that have not logged in yet, and only for them. */
  readonly beforeLogin?: boolean;
  /** For acts on what others have or may do: the fields that the audit log names once the command is done. No text of theirs is among them. */
  readonly audited?: readonly string[];
  /** Whether it says itself that it was such an act (`Call.audit`), since not all that it does are. */
  readonly auditsItself?: boolean;
  /** What is answered when it comes over a rate (Q3), in place of 100050. */
  readonly overRate?: ErrorCode;
  /** Throw a `RequestError` for every expected failure. */
  run(call: Call<Data>): Answered<Result>;
}

/** How a command of the protocol's table is defined: its name and types come from there. */
export function command<N extends CommandName>(
  name: N,
  definition: Omit<
    Command<CommandData<N>, CommandResult<N> | JsonAnswer>,
    "class" | "subclass" | "cmd" | "schema" | "right"
  >,
): Command {
  const [cls, subclass, cmd] = name.split("/") as [string, string, string];
  const entry: { readonly data: z.ZodType; readonly right?: string } = commands[name];
  const right = entry.right === undefined ? {} : { right: entry.right };
  return { class: cls, subclass, cmd, schema: entry.data, ...right, ...definition } as Command;
}

/** Defines a command of a plugin's own. */
export function defineCommand<Data>(definition: Command<Data>): Command {
  return definition as Command;
}

/** A result written as JSON text already. */
type JsonAnswer = import("./json-text.ts").JsonText;

/** The hook of one point. */
export type HookOf<Point extends keyof HookPoints> = Hook<HookPoints[Point]["in"], HookPoints[Point]["out"]>;

export interface Plugin<Settings = unknown> {
  readonly name: string;
  /** Plugins that must be there too; they start before this one. */
  readonly needs?: readonly string[];
  /** Types and defaults of the plugin's settings in the configuration. */
  readonly settings: z.ZodType<Settings>;
  /** Called once for each service that has the plugin, the plugins it needs before it. */
  setup(service: Service, settings: Settings): Installed;
}

/** What a plugin brings to a service. */
export interface Installed {
  readonly commands?: readonly Command[];
  readonly hooks?: HookTypes<HookPoints>;
  /** Numbers of its own for `/metrics` (O3). */
  readonly measures?: readonly Measure[];
  /** Called once before the service is reached; what it gives back is called when the service stops. */
  start?(): Promise<Stop> | Stop;
  /**
   * Called when the server is to stop, with requests still running: begins nothing new and resolves when what it does has
   * ended. It is waited for as long as `limits.drain_seconds` (T5).
   */
  finish?(): Promise<void>;
  /** Takes other settings while it runs (S4). A promise is waited for; when it rejects so does the reload, and the next one brings settings again. Without it the plugin is stopped and set up anew for them. */
  update?(settings: unknown): void | Promise<void>;
}

export function definePlugin<Settings = Record<string, never>>(
  plugin: Omit<Plugin<Settings>, "settings"> & { readonly settings?: z.ZodType<Settings> },
): Plugin {
  return { settings: z.strictObject({}), ...plugin } as Plugin;
}
