import { changedAccess, type RoomAccess } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { SetMute, SetRole } from "../store.ts";

/** Writes who may do what in rooms (R8–R11). Runs inside the writer's transaction. */
export class StandingsWriter {
  readonly #access: Database.Statement<[number], string>;
  readonly #setAccess: Database.Statement<[number, string]>;
  readonly #clearAccess: Database.Statement<[number]>;
  readonly #setRole: Database.Statement<[number, string, string | null, number | null]>;
  readonly #setMute: Database.Statement<[number, string, number | null, number | null]>;
  readonly #setSince: Database.Statement<[number, string, number]>;

  constructor(db: Database.Database) {
    this.#access = db.prepare<[number], string>("SELECT access FROM room_access WHERE room_key = ?").pluck();
    this.#setAccess = db.prepare("INSERT OR REPLACE INTO room_access (room_key, access) VALUES (?, ?)");
    this.#clearAccess = db.prepare("DELETE FROM room_access WHERE room_key = ?");
    this.#setRole = db.prepare(
      `INSERT INTO standings (room_key, user_id, role, role_until) VALUES (?, ?, ?, ?)
       ON CONFLICT (room_key, user_id) DO UPDATE SET role = excluded.role, role_until = excluded.role_until`,
    );
    this.#setMute = db.prepare(
      `INSERT INTO standings (room_key, user_id, muted, muted_until) VALUES (?, ?, ?, ?)
       ON CONFLICT (room_key, user_id) DO UPDATE SET muted = excluded.muted, muted_until = excluded.muted_until`,
    );
    this.#setSince = db.prepare(
      `INSERT INTO standings (room_key, user_id, since_id) VALUES (?, ?, ?)
       ON CONFLICT (room_key, user_id) DO UPDATE SET since_id = ifnull(since_id, excluded.since_id)`,
    );
  }

  changeAccess(room_key: number, change: RoomAccess): void {
    const text = this.#access.get(room_key);
    const access = changedAccess(text === undefined ? undefined : JSON.parse(text), change);
    if (access) this.#setAccess.run(room_key, JSON.stringify(access));
    else this.#clearAccess.run(room_key);
  }

  setRole(room_key: number, { user_id, role, until }: Pick<SetRole, "user_id" | "role" | "until">): void {
    this.#setRole.run(room_key, user_id, role ?? null, until ?? null);
  }

  setMute(room_key: number, { user_id, muted, until }: SetMute): void {
    this.#setMute.run(room_key, user_id, muted ? 1 : null, until ?? null);
  }

  /** The first time counts. */
  setSince(room_key: number, user_id: string, since_id: number): void {
    this.#setSince.run(room_key, user_id, since_id);
  }
}
