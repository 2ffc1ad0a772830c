import type { NewestSchemas, SchemaVersion, SetSchema } from "./store.ts";

interface Life {
  readonly room_id: string;
  readonly last_id: number;
  readonly schemas: SchemaVersion[];
}

export function addSchema(
  { schemas, last_id }: Life,
  { type, version, schema, user_id, at }: Omit<SetSchema, "service" | "room_id" | "epoch">,
): void {
  schemas.push({ type, version, from_id: last_id + 1, user_id, at, ...(schema !== undefined && { schema }) });
}

/** By type and version. */
export function schemasOf({ schemas }: Life): SchemaVersion[] {
  return schemas.toSorted(
    (a, b) => Buffer.compare(Buffer.from(a.type), Buffer.from(b.type)) || a.version - b.version,
  );
}

/** The newest version of each type. */
export function newestSchemas({ room_id, schemas }: Life): NewestSchemas["schemas"] {
  const newest = new Map(schemas.map((schema) => [schema.type, schema]));
  return Array.from(newest.values(), ({ type, version, schema }) => ({
    room_id,
    type,
    version,
    ...(schema !== undefined && { schema }),
  }));
}
