import type Database from "better-sqlite3";
import type { LifeKey, NewestSchemas, NewestSchemasQuery, SchemaVersion, SetSchema } from "../store.ts";

/** Writes what the messages of a type have to be in rooms (M24). Runs inside the writer's transaction. */
export class SchemasWriter {
  readonly #insert: Database.Statement<[number, string, number, number, string, number, string | null]>;

  constructor(db: Database.Database) {
    this.#insert = db.prepare(
      "INSERT INTO schemas (room_key, type, version, from_id, user_id, set_at, schema) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
  }

  set(
    { room_key, last_id }: { readonly room_key: number; readonly last_id: number },
    { type, version, user_id, at, schema }: SetSchema,
  ): void {
    this.#insert.run(room_key, type, version, last_id + 1, user_id, at, schema ?? null);
  }
}

type Row = Omit<SchemaVersion, "schema"> & { readonly schema: string | null };
type NewestRow = Pick<Row, "type" | "version" | "schema"> & {
  readonly schema_key: number;
  readonly room_id: string;
};

const LIFE = "SELECT room_key FROM rooms WHERE service = ? AND room_id = ?";
const VERSIONS = `SELECT type, version, from_id, user_id, set_at AS at, schema FROM schemas
  WHERE room_key = ? ORDER BY type, version`;

/** Reads them. */
export class SchemasReader {
  readonly #living: Database.Statement<[string, string], number>;
  readonly #byEpoch: Database.Statement<[string, string, string], number>;
  readonly #versions: Database.Statement<[number], Row>;
  readonly #newest: Database.Statement<[number, string, number], NewestRow>;

  constructor(db: Database.Database) {
    this.#living = db.prepare<[string, string], number>(`${LIFE} AND destroyed_at IS NULL`).pluck();
    this.#byEpoch = db.prepare<[string, string, string], number>(`${LIFE} AND epoch = ? AND kept`).pluck();
    this.#versions = db.prepare(VERSIONS);
    this.#newest = db.prepare(
      `SELECT schema_key, room_id, type, version, schema FROM schemas CROSS JOIN rooms USING (room_key)
       WHERE schema_key >= ? AND service = ? AND destroyed_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM schemas AS newer WHERE newer.room_key = schemas.room_key
                           AND newer.type = schemas.type AND newer.version > schemas.version)
       ORDER BY schema_key LIMIT ?`,
    );
  }

  all({ service, room_id, epoch }: LifeKey): SchemaVersion[] | undefined {
    const room_key =
      epoch === undefined ? this.#living.get(service, room_id) : this.#byEpoch.get(service, room_id, epoch);
    return room_key === undefined ? undefined : this.#versions.all(room_key).map(withoutNull);
  }

  newest({ service, from, most }: NewestSchemasQuery): NewestSchemas {
    const rows = this.#newest.all(from, service, most + 1);
    const schemas = rows.slice(0, most).map(({ schema_key: _, ...row }) => withoutNull(row));
    return { schemas, next: rows[most]?.schema_key };
  }
}

function withoutNull<T extends { readonly schema: string | null }>({ schema, ...rest }: T) {
  return { ...rest, ...(schema !== null && { schema }) };
}
