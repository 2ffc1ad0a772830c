import { roomEvents } from "@roomlog/protocol";
import { JsonText, type OpenSession, type Service, withField } from "../../core/plugin.ts";
import type { Memory } from "./memory.ts";

/** Somebody in a room; the key is the session id (R4). */
export interface Member {
  readonly user_id: string;
  readonly role: string;
  /** Kept as text, since parsed it can take twenty times the memory. */
  readonly meta?: JsonText;
}

/** Who is in which room of a service. Members are kept in memory: after a restart they join again. */
export class Members {
  readonly #service: Service;
  readonly #memory: Memory;
  #graceMs: number;
  /** room_id → session_id → member */
  readonly #rooms = new Map<string, Map<string, Member>>();
  /** session_id → the ids of its rooms, so that nobody walks through all of them. */
  readonly #joined = new Map<string, Set<string>>();
  /** Members whose connection was lost: session_id → when they leave, in monotonic milliseconds. */
  readonly #lost = new Map<string, number>();

  constructor(service: Service, memory: Memory, graceSeconds: number) {
    this.#service = service;
    this.#memory = memory;
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

  has(room_id: string, session_id: string): boolean {
    return this.#rooms.get(room_id)?.has(session_id) ?? false;
  }

  /** In how many rooms a session is. */
  countOf(session_id: string): number {
    return this.#roomsOf(session_id).size;
  }

  /**
   * Adds a member, or changes role and meta of one. Gives back what tells the others about a new one. Throws 100050
   * over `room.memory_bytes`.
   */
  join(room_id: string, { identity }: OpenSession, given: Pick<Member, "role" | "meta">): () => void {
    const { user_id, session_id } = identity;
    const members = this.#rooms.get(room_id) ?? new Map<string, Member>();
    const before = members.get(session_id);
    this.#memory.replace(before?.meta, given.meta, "meta");
    const member = { user_id, ...given };
    this.#rooms.set(room_id, members.set(session_id, member));
    this.#joined.set(session_id, this.#roomsOf(session_id).add(room_id));
    return () => {
      if (!before && this.has(room_id, session_id))
        this.#publish(roomEvents.started_member, room_id, session_id, member);
    };
  }

  /** Removes a member. Gives back what tells the others; undefined when there was none. */
  leave(room_id: string, session_id: string): (() => void) | undefined {
    const members = this.#rooms.get(room_id);
    const member = members?.get(session_id);
    if (!members || !member) return undefined;
    members.delete(session_id);
    if (members.size === 0) this.#rooms.delete(room_id);
    this.#forget(room_id, session_id, member);
    return () => this.#publish(roomEvents.stopped_member, room_id, session_id, member);
  }

  /** The sessions by which a user is a member. */
  sessionsOf(room_id: string, user_id: string): string[] {
    const members = [...(this.#rooms.get(room_id) ?? [])];
    return members.filter(([, member]) => member.user_id === user_id).map(([session_id]) => session_id);
  }

  /** Removes a user: he is told as the others are; then what he subscribed to by the room's name ends (R9). */
  expel(room_id: string, user_id: string): void {
    for (const session_id of this.sessionsOf(room_id, user_id)) this.leave(room_id, session_id)?.();
    for (const session of this.#service.sessions.open())
      if (session.identity.user_id === user_id) this.#service.dismiss(session, room_id);
  }

  /** Removes the members who may not be there any more; of one user, or of all. */
  judgeAnew(room_id: string, user_id: string | undefined): void {
    const { roomRights, sessions } = this.#service;
    const members = [...(this.#rooms.get(room_id) ?? [])];
    for (const [session_id, member] of members) {
      if (user_id !== undefined && member.user_id !== user_id) continue;
      const identity = sessions.get(session_id)?.identity;
      // Who is away for a moment is judged when he comes back.
      const mayStay = identity
        ? roomRights.may(identity, "room_join", room_id)
        : roomRights.roleOf(member.user_id, room_id) !== "banned";
      if (!mayStay) this.leave(room_id, session_id)?.();
    }
  }

  /** The connection of a session has ended: it stays a member for a while. */
  lost({ identity: { session_id, user_id } }: OpenSession): void {
    if (!this.#joined.has(session_id)) return;
    this.#lost.set(session_id, this.#service.clock.monotonic() + this.#graceMs);
    this.#service.sessions.keep(session_id, user_id);
  }

  /** A session has logged in: the rooms it is a member of, now that it is back. It leaves those where it may not be any more. */
  back({ identity }: OpenSession): string[] {
    const { session_id } = identity;
    this.#found(session_id);
    const rooms = [...this.#roomsOf(session_id)];
    const mayStay = (room_id: string) => this.#service.roomRights.may(identity, "room_join", room_id);
    for (const room_id of rooms) if (!mayStay(room_id)) this.leave(room_id, session_id)?.();
    return rooms.filter(mayStay);
  }

  /** Forgets a room that has ended; gives back the session ids of its members. */
  end(room_id: string): string[] {
    const members = [...(this.#rooms.get(room_id) ?? [])];
    for (const [session_id, member] of members) this.#forget(room_id, session_id, member);
    this.#rooms.delete(room_id);
    return members.map(([session_id]) => session_id);
  }

  /** Removes those who did not come back in time. */
  sweep(now: number): void {
    for (const [session_id, until] of this.#lost) {
      if (until > now) continue;
      for (const room_id of this.#roomsOf(session_id)) this.leave(room_id, session_id)?.();
      this.#found(session_id);
    }
  }

  #found(session_id: string): void {
    if (this.#lost.delete(session_id)) this.#service.sessions.letGo(session_id);
  }

  #roomsOf(session_id: string): Set<string> {
    return this.#joined.get(session_id) ?? new Set();
  }

  #forget(room_id: string, session_id: string, { meta }: Member): void {
    this.#memory.free(meta);
    const rooms = this.#roomsOf(session_id);
    rooms.delete(room_id);
    if (rooms.size > 0) return;
    this.#joined.delete(session_id);
    this.#found(session_id);
  }

  #publish(type: string, room_id: string, session_id: string, member: Member): void {
    this.#service.rooms.publish(type, room_id, shown(member, { session_id }));
  }
}

function shown({ user_id, role, meta }: Member, more: object = {}): JsonText {
  const who = { ...more, user_id, role };
  return meta ? withField(who, "meta", meta) : new JsonText(JSON.stringify(who));
}
