import { roomEvents } from "@roomlog/protocol";
import { JsonText, type OpenSession, type Service, withField } from "../../core/plugin.ts";

/** Somebody in a room; the key is the session id (R4). */
export interface Member {
  readonly user_id: string;
  readonly role: string;
  /** Kept as text, since parsed it can take twenty times the memory. */
  readonly meta?: JsonText;
}

interface Membership extends Member {
  /** When it ends because the connection was lost, in monotonic milliseconds; undefined while it is there. */
  lostUntil: number | undefined;
}

/** Who is in which room of a service. Members are kept in memory: after a restart they join again. */
export class Members {
  readonly #service: Service;
  #graceMs: number;
  /** room_id → session_id → membership */
  readonly #rooms = new Map<string, Map<string, Membership>>();

  constructor(service: Service, graceSeconds: number) {
    this.#service = service;
    this.#graceMs = graceSeconds * 1000;
  }

  set graceSeconds(seconds: number) {
    this.#graceMs = seconds * 1000;
  }

  /** The text of an object: `session_id` → member, in the order of joining. */
  of(room_id: string): JsonText {
    const members = [...(this.#rooms.get(room_id) ?? [])];
    const entries = members.map(
      ([session_id, member]) => `${JSON.stringify(session_id)}:${shown(member).text}`,
    );
    return new JsonText(`{${entries.join(",")}}`);
  }

  /** Adds a member, or changes role and meta of one. Gives back what tells the others about a new one. */
  join(room_id: string, { identity }: OpenSession, given: Pick<Member, "role" | "meta">): () => void {
    const members = this.#rooms.get(room_id) ?? new Map<string, Membership>();
    const isNew = !members.has(identity.session_id);
    const member = { user_id: identity.user_id, ...given, lostUntil: undefined };
    this.#rooms.set(room_id, members.set(identity.session_id, member));
    return () => {
      if (isNew) this.#publish(roomEvents.started_member, room_id, identity.session_id, member);
    };
  }

  /** Removes a member. Gives back what tells the others; undefined when there was none. */
  leave(room_id: string, session_id: string): (() => void) | undefined {
    const members = this.#rooms.get(room_id);
    const member = members?.get(session_id);
    if (!members || !member) return undefined;
    members.delete(session_id);
    if (members.size === 0) this.#rooms.delete(room_id);
    return () => this.#publish(roomEvents.stopped_member, room_id, session_id, member);
  }

  /** The connection of a session has ended: it stays a member for a while. */
  lost({ identity }: OpenSession): void {
    const lostUntil = this.#service.clock.monotonic() + this.#graceMs;
    for (const [, member] of this.#of(identity.session_id)) member.lostUntil = lostUntil;
  }

  /** A session has logged in: the rooms it is a member of, now that it is back. Another user's it leaves. */
  back({ identity }: OpenSession): string[] {
    const rooms = this.#of(identity.session_id);
    for (const [room_id, member] of rooms) {
      if (member.user_id === identity.user_id) member.lostUntil = undefined;
      else this.leave(room_id, identity.session_id)?.();
    }
    return rooms.filter(([, member]) => member.lostUntil === undefined).map(([room_id]) => room_id);
  }

  /** Forgets a room that has ended; gives back the session ids of its members. */
  end(room_id: string): string[] {
    const session_ids = [...(this.#rooms.get(room_id)?.keys() ?? [])];
    this.#rooms.delete(room_id);
    return session_ids;
  }

  /** Removes those who did not come back in time. */
  sweep(now: number): void {
    for (const [room_id, members] of this.#rooms) {
      for (const [session_id, { lostUntil }] of members) {
        if (lostUntil !== undefined && lostUntil <= now) this.leave(room_id, session_id)?.();
      }
    }
  }

  #of(session_id: string): [string, Membership][] {
    return [...this.#rooms].flatMap(([room_id, members]) => {
      const member = members.get(session_id);
      return member ? [[room_id, member] satisfies [string, Membership]] : [];
    });
  }

  #publish(type: string, room_id: string, session_id: string, member: Membership): void {
    this.#service.rooms.publish(type, room_id, shown(member, { session_id }));
  }
}

function shown({ user_id, role, meta }: Member, more: object = {}): JsonText {
  const who = { ...more, user_id, role };
  return meta ? withField(who, "meta", meta) : new JsonText(JSON.stringify(who));
}
