import type { Retention, RoomAccess, RoomInfo } from "@roomlog/protocol";

/** What a room says itself and may say anew: it is kept beside the rest of its `info`. */
interface Own {
  readonly retention: Retention | undefined;
  readonly access: RoomAccess | undefined;
}

/** The room's `info` without what it may say anew. */
export function withoutOwn({ retention: _, access: __, ...info }: RoomInfo): RoomInfo {
  return info;
}

/** The room's `info` with this; what says nothing is left out. */
export function withOwn(info: RoomInfo, own: Own): RoomInfo {
  const [retention, access] = [defined(own.retention), defined(own.access)];
  return { ...withoutOwn(info), ...(retention && { retention }), ...(access && { access }) };
}

/** What is there of it; undefined when that is nothing. */
function defined<T extends object>(part: T | undefined): T | undefined {
  const there = Object.entries(part ?? {}).filter(([, value]) => value !== undefined);
  return there.length === 0 ? undefined : (Object.fromEntries(there) as T);
}
