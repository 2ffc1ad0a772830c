import { isJsonObject, isName, type JsonObject, MAX_SESSION_ID, MAX_USER } from "@roomlog/protocol";
import type { callbackNames } from "@roomlog/protocol/commands";
import {
  type Answered,
  type Grant,
  type HookOf,
  type OpenSession,
  type Reply,
  RequestError,
  Rights,
  type Service,
} from "../../core/plugin.ts";
import type { CoreSettings } from "./settings.ts";

export type CallbackName = (typeof callbackNames)[number];

interface Registration {
  readonly session: OpenSession;
  /** Only events or rooms of this class; undefined for all. */
  readonly class: string | undefined;
}

/** What an external program answers (C9). */
interface Decision {
  readonly authorized: boolean;
  readonly data: JsonObject;
}

/** External programs that decide logins, subscriptions, sends and room creations over their own connection (C9). */
export class Callbacks {
  readonly #service: Service;
  #settings: CoreSettings;
  /** In turn: who was asked goes to the end. */
  readonly #registered = new Map<CallbackName, Registration[]>();

  constructor(service: Service, settings: CoreSettings) {
    this.#service = service;
    this.#settings = settings;
    this.update(settings);
  }

  /** Goes on with other settings; who has registered stays (S4). */
  update(settings: CoreSettings): void {
    this.#settings = settings;
    for (const name of settings.callbacks) this.#registered.set(name, this.#registered.get(name) ?? []);
  }

  /** From now on `name` is asked for, also when nobody is left to answer. Throws 100050 over `limits.subscriptions`. */
  register(name: CallbackName, session: OpenSession, cls: string | undefined): void {
    const others = (this.#registered.get(name) ?? []).filter(
      (one) => one.session !== session || one.class !== cls,
    );
    const limit = this.#service.limits.subscriptions;
    if (others.filter((one) => one.session === session).length >= limit)
      throw new RequestError(100050, { limit, setting: "limits.subscriptions" });
    this.#registered.set(name, [...others, { session, class: cls }]);
  }

  leave(session: OpenSession): void {
    for (const [name, list] of this.#registered) {
      this.#registered.set(
        name,
        list.filter((one) => one.session !== session),
      );
    }
  }

  /** A program's own connection logs in by another authenticator: whoever that gives the right `callback`. */
  readonly login: HookOf<"core.login"> = async (credentials, next) => {
    const grant = await next(credentials);
    if (!this.#registered.has("login") || (grant && new Rights(grant.rights).may("callback"))) return grant;
    const { authorized, data } = await this.#ask("login", credentials);
    return authorized ? grantOf(data, credentials.user) : undefined;
  };

  readonly subscribe: HookOf<"core.subscribe"> = (subscription, next) => {
    const { session, pattern, service } = subscription;
    const data = () => ({ ...who(session), ...pattern, ...(service && { service }) });
    return this.#decide("subscribe", session, data, pattern.class, () => next(subscription));
  };

  readonly create: HookOf<"room.create"> = (creation, next) => {
    const { session, room_id, info } = creation;
    const data = () => ({ ...who(session), room_id, ...info });
    return this.#decide("create", session, data, info.class, () => next(creation));
  };

  readonly send: HookOf<"msglog.send"> = (message, next) => {
    const { session, ...sent } = message;
    const data = () => ({ ...who(session), ...sent });
    return this.#decide("send", session, data, undefined, () => next(message));
  };

  /** The programs themselves are not asked about. */
  #decide<Result>(
    name: CallbackName,
    session: OpenSession,
    data: () => object,
    cls: string | undefined,
    go: () => Answered<Result>,
  ): Answered<Result> {
    if (!this.#registered.has(name) || session.identity.rights.may("callback")) return go();
    return this.#ask(name, data(), cls).then(async ({ authorized }) => {
      if (!authorized) throw new RequestError(100030);
      return go();
    });
  }

  /** Asks the next program in turn; without one, or without an answer in time, the fallback decides. */
  #ask(name: CallbackName, data: object, cls?: string): Promise<Decision> {
    const fallback = { authorized: this.#settings.callback_fallback === "allow", data: {} };
    const list = this.#registered.get(name) ?? [];
    const next = list.find((one) => one.class === undefined || cls === undefined || one.class === cls);
    if (!next) return Promise.resolve(fallback);
    this.#registered.set(name, [...list.filter((one) => one !== next), next]);
    return new Promise((resolve) => {
      const stop = this.#service.clock.after(this.#settings.callback_seconds * 1000, () => resolve(fallback));
      next.session.request({ class: "core", subclass: "callback", cmd: name, data }, (reply) => {
        stop();
        resolve(decisionOf(reply) ?? fallback);
      });
    });
  }
}

function who({ identity: { user_id, session_id } }: OpenSession) {
  return { user_id, session_id };
}

/** Undefined when it is no answer to the question. */
function decisionOf(reply: Reply | undefined): Decision | undefined {
  const data: unknown = reply?.result === "ok" && reply.data ? JSON.parse(reply.data.text) : undefined;
  if (!isJsonObject(data) || typeof data.authorized !== "boolean") return undefined;
  return { authorized: data.authorized, data };
}

/** The user the program names, or the one who asked; undefined when there is none. */
function grantOf({ user, session_id, grants }: JsonObject, asked: string | undefined): Grant | undefined {
  const user_id = user ?? asked;
  if (!isName(user_id, MAX_USER)) return undefined;
  const rights = Array.isArray(grants) ? grants.filter((right) => typeof right === "string") : ["*"];
  return { user_id, rights, ...(isName(session_id, MAX_SESSION_ID) && { session_id }) };
}
