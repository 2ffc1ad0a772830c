import type { JsonObject } from "@roomlog/protocol";
import { RequestError, type RoomSchemas } from "../../../core/plugin.ts";
import type { MsglogSettings } from "../settings.ts";
import { type Checker, checkerOf } from "./checker.ts";
import type { Failure } from "./failure.ts";
import { RoomTypes } from "./room-types.ts";
import type { Owner, Schema } from "./schema-fault.ts";

/** What a message of a type has to be. */
interface Rule {
  readonly from: Owner;
  readonly version: number;
  readonly checker: Checker;
}

/** Another schema for a type of messages in a room; null takes it away. */
export interface SchemaChange {
  readonly room_id: string;
  readonly epoch: string;
  readonly type: string;
  readonly schema: Schema | null;
  readonly user_id: string;
}

/** What messages have to be by their types: what the service says, and what the room says; both have to hold (M24). */
export class TypedMessages {
  readonly #kept: RoomSchemas;
  readonly #rooms: RoomTypes;
  #settings: MsglogSettings;
  #service = new Map<string, Rule>();

  constructor(kept: RoomSchemas, settings: MsglogSettings) {
    this.#kept = kept;
    this.#settings = settings;
    this.#rooms = new RoomTypes(() => this.#settings.schema_bytes);
    this.update(settings);
  }

  /** Of the text of all schemas of rooms. */
  get bytes(): number {
    return this.#rooms.bytes;
  }

  /** Reads what the rooms say. */
  start(): Promise<void> {
    return this.#kept.load(({ room_id, type, version, schema: text }) => {
      this.#rooms.set(room_id, type, { version, text });
    });
  }

  /** Goes on with other settings (S4). */
  update(settings: MsglogSettings): void {
    this.#settings = settings;
    this.#service = new Map(
      Object.entries(settings.schemas).map(([type, { version, schema }]) => [
        type,
        { from: "service", version, checker: checkerOf(schema, "service") },
      ]),
    );
  }

  /** Why a message cannot be stored in a room: 304112. To be asked in the turn in which it goes to the store. */
  refusal(room_id: string, msg: JsonObject): RequestError | undefined {
    const { untyped, type_field } = this.#settings;
    if (this.#service.size === 0 && untyped === "allow" && !this.#rooms.has(room_id)) return undefined;
    const type = Object.hasOwn(msg, type_field) ? msg[type_field] : undefined;
    const rules = typeof type === "string" ? this.#rulesFor(room_id, type) : [];
    if (rules.length === 0 && untyped === "refuse") return unknownType(type_field, type);
    for (const { from, version, checker } of rules) {
      const failure = checker(msg);
      if (failure) return invalid(failure, { type: type as string, version, from });
    }
    return undefined;
  }

  /**
   * Gives a type in a room another schema. It holds for every message that goes to the store from now on, also while it is
   * on its way there itself, so that each one was checked by the version under which it stands. Fails with 100050, 304001, 304105.
   */
  change({ schema, ...change }: SchemaChange, settle: (outcome: Changed | RequestError) => void): void {
    const { room_id, type } = change;
    const text = schema === null ? undefined : JSON.stringify(schema);
    const version = this.#rooms.next(room_id, type, text);
    if (version instanceof RequestError) return settle(version);
    const takeBack = this.#rooms.set(room_id, type, { version, text });
    this.#kept.set({ ...change, version, schema: text }, (failure) => {
      if (failure) takeBack();
      settle(failure ?? { version });
    });
  }

  /** The room has ended. */
  end(room_id: string): void {
    this.#rooms.end(room_id);
  }

  #rulesFor(room_id: string, type: string): Rule[] {
    const ofService = this.#service.get(type);
    const ofRoom = this.#rooms.of(room_id, type);
    return [
      ...(ofService ? [ofService] : []),
      ...(ofRoom?.checker
        ? [{ from: "room" as const, version: ofRoom.version, checker: ofRoom.checker }]
        : []),
    ];
  }
}

/** What became of a change. */
export interface Changed {
  readonly version: number;
}

function invalid(
  { pointer, reason }: Failure,
  rule: { readonly type: string; readonly version: number; readonly from: Owner },
): RequestError {
  return new RequestError(304112, { field: "msg", fault: { ...rule, pointer, reason } });
}

/** With `untyped: refuse`. */
function unknownType(field: string, type: unknown): RequestError {
  if (type === undefined) {
    const reason = `must have the member ${JSON.stringify(field)}, which names its type`;
    return new RequestError(304112, { field: "msg", fault: { pointer: "", reason } });
  }
  const known = typeof type === "string" ? { type } : {};
  const reason = "must be a type that has a schema";
  return new RequestError(304112, {
    field: "msg",
    fault: { ...known, pointer: `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`, reason },
  });
}
