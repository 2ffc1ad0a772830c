import { errorCodes, type JsonObject } from "@roomlog/protocol";
import {
  type Answered,
  type Call,
  type Identity,
  Later,
  type Log,
  RequestError,
  type Sent,
  type Service,
  SessionRate,
  syntaxError,
} from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";
import type { TypedMessages } from "./typed/typed-messages.ts";

type Stored = { readonly msg_id: number; readonly duplicate?: true };

/** What goes into the log, beside the text of its `msg` and who sends it. */
type Entry = Pick<Sent, "room_id" | "epoch" | "client_msg_id" | "ref" | "change" | "mentions">;

type Asking = Pick<Call<unknown>, "session" | "raw" | "audit">;
type Acting = Pick<Call<unknown>, "session" | "audit">;

interface EntriesParts {
  readonly settings: () => MsglogSettings;
  readonly typed: TypedMessages;
}

/** How entries get into the log: within the bounds (M14), by the hooks, as their types say (M24), answered when they are durable (M4). */
export class Entries {
  readonly #service: Service;
  readonly #log: Log;
  readonly #settings: () => MsglogSettings;
  readonly #typed: TypedMessages;
  readonly #rate: SessionRate;

  constructor(service: Service, log: Log, { settings, typed }: EntriesParts) {
    this.#service = service;
    this.#log = log;
    this.#settings = settings;
    this.#typed = typed;
    this.#rate = new SessionRate(service.clock, 304102, "msglog.send_rate");
  }

  /** A message, or another wording of one: the field `msg` of the request. `right` is what that needs. */
  put(entry: Entry, { session, raw, audit }: Asking, right: string): Answered<Stored> {
    const { room_id } = entry;
    this.#count(session);
    const text = raw("msg");
    if (text === undefined) throw syntaxError("msg");
    const excess = this.#tooLarge(text);
    // It is not parsed.
    if (excess) return this.#refuse(room_id, excess);
    if (!entry.change) this.#service.roomRights.pace(session.identity, room_id);
    const msg = JSON.parse(text) as JsonObject;
    const edits = entry.change && entry.ref;
    const message = { session, room_id, msg, ...(edits !== undefined && { edits }) };
    return this.#service.hooks.run("msglog.send", message, ({ session, room_id, msg: let_through }) => {
      const changed = let_through === msg ? undefined : JSON.stringify(let_through);
      const excess = changed === undefined ? undefined : this.#tooLarge(changed);
      if (excess) throw excess;
      const { user_id, session_id } = session.identity;
      const sent = { ...entry, room_id, user_id, session_id, msg: changed ?? text };
      const made = this.#service.rooms.beingMade(room_id);
      if (!made) return this.#storeTyped(sent, let_through, { session, audit });
      // Who may speak in it is not known before it is there.
      return made.then(() => {
        this.#service.roomRights.require(session.identity, right, room_id);
        return this.#storeTyped(sent, let_through, { session, audit });
      });
    });
  }

  /** The deletion of a message. */
  putDeletion(entry: Entry, { session, audit }: Asking, reason: string | undefined): Answered<Stored> {
    this.#count(session);
    const { user_id, session_id } = session.identity;
    const msg = reason === undefined ? "{}" : JSON.stringify({ reason });
    const sent = { ...entry, user_id, session_id, msg };
    return new Later((settle) => this.#append(sent, { session, audit }, settle));
  }

  /** Open mode has no limits per second (L7). */
  #count(session: Asking["session"]): void {
    if (!this.#service.authenticator.open) this.#rate.count(session, this.#settings().send_rate);
  }

  #tooLarge(text: string): RequestError | undefined {
    const { max_message_bytes } = this.#settings();
    if (Buffer.byteLength(text) <= max_message_bytes) return undefined;
    return new RequestError(304101, {
      limit: max_message_bytes,
      field: "msg",
      setting: "msglog.max_message_bytes",
    });
  }

  /** Who may not know of a room learns the same of one that is not there (R10). */
  async #refuse(room_id: string, error: RequestError): Promise<never> {
    await this.#service.rooms.get(room_id);
    throw error;
  }

  /** It goes to the store in the turn in which it is checked, so that it stands under the schema that checked it. */
  #storeTyped(sent: Sent, msg: JsonObject, acting: Acting): Later<Stored> {
    return new Later((settle) => {
      const refusal = this.#typed.refusal(sent.room_id, msg);
      if (refusal) this.#refuse(sent.room_id, refusal).catch(settle);
      else this.#append(sent, acting, settle);
    });
  }

  /** What changes a message of somebody else is an act that the audit log names (T11). */
  #append(sent: Sent, { session, audit }: Acting, settle: (outcome: Stored | RequestError) => void): void {
    // When it is known he may be gone.
    const { identity } = session;
    this.#log.append(sent, (outcome) => {
      if (outcome instanceof RequestError) return settle(this.#tellable(outcome, sent, identity));
      if (!outcome.others) return settle(outcome);
      audit();
      settle({ msg_id: outcome.msg_id });
    });
  }

  /** That a message is somebody else's is not for who may not read all there is (R11, M17). */
  #tellable(error: RequestError, { change, room_id }: Sent, identity: Identity): RequestError {
    const isSecret = change && error.code === errorCodes.unauthorized;
    return isSecret && !this.#service.roomRights.seesAll(identity, room_id)
      ? new RequestError(errorCodes.message_not_found)
      : error;
  }
}
