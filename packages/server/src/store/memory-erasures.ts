import type { Entry } from "./entries.ts";
import { changedIds, ERASED_BODY, sliceToErase } from "./erasures.ts";
import type { MemoryDigests } from "./memory-digests.ts";
import { byCodePoint } from "./memory-marks.ts";
import type {
  Authored,
  AuthoredQuery,
  BeginErasure,
  EndErasure,
  Erasable,
  ErasableQuery,
  Erase,
  Erasure,
  ErasuresQuery,
  ErasureWrite,
  Hold,
  LifeKey,
  RoomKey,
  SetHold,
  Written,
} from "./store.ts";

/** A life of a room, as far as it matters here. */
interface Kept extends RoomKey {
  readonly number: number;
  readonly epoch: string;
  readonly log: Entry[];
  readonly digests: MemoryDigests;
  readonly last_id: number;
  /** By the text of a list: user, `client_msg_id`. */
  readonly names: Map<string, { readonly timestmap: number }>;
  kept: boolean | "by hold";
}

interface Begun extends Omit<Erasure, "rooms" | "held" | "at"> {
  readonly service: string;
  readonly rooms: Set<string>;
  readonly held: Set<string>;
  at?: number;
  messages: number;
  bytes: number;
}

/** What was erased (M21) and what must not be (M22), in memory. */
export class MemoryErasures {
  readonly #lives: ReadonlyMap<number, Kept>;
  /** By service, room_id and epoch; without an epoch of all lives. */
  readonly #holds = new Map<string, Hold>();
  /** By service and receipt, in the order in which they began. */
  readonly #erasures = new Map<string, Begun>();

  constructor(lives: ReadonlyMap<number, Kept>) {
    this.#lives = lives;
  }

  /** That of all lives comes first. */
  holdOf({ service, room_id, epoch }: LifeKey): Hold | undefined {
    return (
      this.#holds.get(keyOf({ service, room_id })) ?? this.#holds.get(keyOf({ service, room_id, epoch }))
    );
  }

  setHold({ hold, service, room_id, epoch }: SetHold): void {
    const key = keyOf({ service, room_id, epoch });
    const before = this.#holds.get(key);
    if (hold) this.#holds.set(key, before ? { ...withoutReason(before), ...reasonOf(hold) } : hold);
    else this.#holds.delete(key);
    for (const life of this.#lives.values()) {
      const isOfRoom = life.service === service && life.room_id === room_id;
      if (isOfRoom && life.kept === "by hold" && !this.holdOf(life)) life.kept = false;
    }
  }

  apply(write: ErasureWrite): Written {
    switch (write.kind) {
      case "begin_erasure":
        return { kind: "erasure", erasure: shown(this.#begin(write)) };
      case "erase":
        return this.#erase(write);
      case "end_erasure":
        return { kind: "erasure", erasure: shown(this.#end(write)) };
    }
  }

  authored({ service, user_id, from, most }: AuthoredQuery): Authored {
    const slice = [...this.#lives.values()].filter(({ number }) => number >= from);
    const lives = slice
      .slice(0, most)
      .filter((life) => life.service === service && life.log.some((entry) => entry.user_id === user_id))
      .map(({ room_id, epoch }) => ({ room_id, epoch }));
    return { lives, next: slice[most]?.number };
  }

  erasable(query: ErasableQuery): Erasable | undefined {
    const life = this.#find(query);
    if (!life) return undefined;
    if (this.holdOf(life)) return { messages: 0, bytes: 0, held: true, next: undefined };
    const { entries, bytes, next } = sliceOf(life, query);
    return { messages: entries.length, bytes, held: false, next };
  }

  erasures({ service, before, limit }: ErasuresQuery): Erasure[] {
    const all = [...this.#erasures.values()].filter((one) => one.service === service);
    const end = before === undefined ? all.length : all.findIndex(({ receipt }) => receipt === before);
    return all.slice(0, Math.max(end, 0)).reverse().slice(0, limit).map(shown);
  }

  #begin({ service, user_id, receipt, by }: BeginErasure): Begun {
    const open = [...this.#erasures.values()].find(
      (one) => one.service === service && one.user_id === user_id && one.at === undefined,
    );
    if (open) return open;
    const counts = { messages: 0, bytes: 0, rooms: new Set<string>(), held: new Set<string>() };
    const begun: Begun = { service, user_id, receipt, by, ...counts };
    this.#erasures.set(keyOfReceipt(service, receipt), begun);
    return begun;
  }

  #end({ service, receipt, at }: EndErasure): Begun {
    const begun = this.#begun(service, receipt);
    begun.at = at;
    return begun;
  }

  #begun(service: string, receipt: string): Begun {
    return this.#erasures.get(keyOfReceipt(service, receipt)) as Begun;
  }

  #erase(write: Erase): Written {
    const life = this.#find(write);
    if (!life) return { kind: "refused", reason: "epoch_not_found" };
    const begun = this.#begun(write.service, write.receipt);
    if (this.holdOf(life)) {
      begun.held.add(write.room_id);
      return { kind: "erased", messages: 0, bytes: 0, msg_ids: [], held: true, next: undefined };
    }
    const { entries, bytes, next } = sliceOf(life, write);
    const first = life.log[0]?.msg_id ?? 0;
    for (const { msg_id } of entries) {
      const entry = life.log[msg_id - first] as Entry;
      life.digests.erase(entry);
      life.log[msg_id - first] = { ...entry, msg: ERASED_BODY, mentions: null, erased: 1 };
    }
    begun.messages += entries.length;
    begun.bytes += bytes;
    if (entries.length > 0) begun.rooms.add(write.room_id);
    const moreNames = next === undefined && forgetNames(life, write);
    const after = moreNames ? { msg_id: life.last_id + 1, change: 0 } : undefined;
    const msg_ids = changedIds(entries);
    return { kind: "erased", messages: entries.length, bytes, msg_ids, held: false, next: next ?? after };
  }

  #find({ service, room_id, epoch }: RoomKey & { readonly epoch: string }): Kept | undefined {
    return [...this.#lives.values()].find(
      (life) => life.service === service && life.room_id === room_id && life.epoch === epoch,
    );
  }
}

function sliceOf({ log }: Kept, query: ErasableQuery) {
  const { user_id, from } = query;
  const all = log.map((entry) => ({ ...entry, bytes: Buffer.byteLength(entry.msg) }));
  const own = all.filter((entry) => entry.user_id === user_id && entry.msg_id >= from.msg_id);
  const changesOf = (ref: number, after: number, limit: number) =>
    all
      .filter((entry) => entry.ref === ref && entry.op !== null && entry.user_id !== user_id)
      .filter(({ msg_id }) => msg_id > after)
      .slice(0, limit);
  return sliceToErase({ own, changesOf }, query);
}

/** Whether more of the user's names could be forgotten. */
function forgetNames({ names }: Kept, { user_id, names_before, most }: Erase): boolean {
  const old = [...names].filter(
    ([name, { timestmap }]) => JSON.parse(name)[0] === user_id && timestmap < names_before,
  );
  for (const [name] of old.slice(0, most)) names.delete(name);
  return old.length >= most;
}

function shown({ service: _, rooms, held, ...begun }: Begun): Erasure {
  return { ...begun, rooms: rooms.size, held: [...held].sort(byCodePoint) };
}

function keyOf({ service, room_id, epoch = "" }: LifeKey): string {
  return JSON.stringify([service, room_id, epoch]);
}

function keyOfReceipt(service: string, receipt: string): string {
  return JSON.stringify([service, receipt]);
}

function withoutReason({ reason: _, ...hold }: Hold): Hold {
  return hold;
}

function reasonOf({ reason }: Hold): Pick<Hold, "reason"> {
  return reason === undefined ? {} : { reason };
}
