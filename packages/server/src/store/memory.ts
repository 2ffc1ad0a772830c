import type {
  Append,
  CreateRoom,
  DestroyRoom,
  ListedRoom,
  Message,
  MessageQuery,
  Page,
  Room,
  RoomKey,
  RoomQuery,
  Store,
  Write,
  Written,
} from "./store.ts";

interface Life {
  readonly room: Omit<Room, "last_id">;
  readonly log: Message[];
}

const refused = (reason: "room_exists" | "room_not_found"): Written => ({ kind: "refused", reason });

/** Keeps everything in memory: for tests and trials. Nothing of it survives the process. */
export class MemoryStore implements Store {
  /** service → room_id → the room's current life */
  readonly #services = new Map<string, Map<string, Life>>();

  async open(): Promise<void> {}

  async commit(writes: readonly Write[]): Promise<Written[]> {
    return writes.map((write) => this.#apply(write));
  }

  async room(key: RoomKey): Promise<Room | undefined> {
    const life = this.#find(key);
    return life && roomOf(life);
  }

  async rooms({ service, after, prefix = "", limit }: RoomQuery): Promise<ListedRoom[]> {
    return [...this.#rooms(service).values()]
      .map(({ room }) => listed(room))
      .filter(({ room_id }) => room_id.startsWith(prefix))
      .filter(({ room_id }) => after === undefined || byCodePoint(room_id, after) > 0)
      .sort((a, b) => byCodePoint(a.room_id, b.room_id))
      .slice(0, limit);
  }

  async messages(query: MessageQuery): Promise<Page | undefined> {
    const life = this.#find(query);
    if (!life) return undefined;
    const found = life.log.slice(query.after, query.after + query.limit);
    let bytes = 0;
    const fits = found.findIndex(({ msg }, i) => {
      bytes += Buffer.byteLength(msg);
      return i > 0 && bytes > query.max_bytes;
    });
    return fits < 0 ? { messages: found, cut: false } : { messages: found.slice(0, fits), cut: true };
  }

  async close(): Promise<void> {}

  #apply(write: Write): Written {
    switch (write.kind) {
      case "create_room":
        return this.#create(write);
      case "destroy_room":
        return this.#destroy(write);
      case "append":
        return this.#append(write);
    }
  }

  #create({ service, room_id, epoch, info }: CreateRoom): Written {
    const rooms = this.#rooms(service);
    if (rooms.has(room_id)) return refused("room_exists");
    rooms.set(room_id, { room: { room_id, epoch, info }, log: [] });
    return { kind: "done" };
  }

  #destroy({ service, room_id }: DestroyRoom): Written {
    return this.#rooms(service).delete(room_id) ? { kind: "done" } : refused("room_not_found");
  }

  #append({ user_id, session_id, timestmap: time, msg, ...key }: Append): Written {
    const life = this.#find(key);
    if (!life) return refused("room_not_found");
    const timestmap = Math.max(time, life.log.at(-1)?.timestmap ?? 0);
    const msg_id = life.log.length + 1;
    life.log.push({ msg_id, user_id, session_id, timestmap, msg });
    return { kind: "appended", msg_id, timestmap };
  }

  #find({ service, room_id }: RoomKey): Life | undefined {
    return this.#rooms(service).get(room_id);
  }

  #rooms(service: string): Map<string, Life> {
    let rooms = this.#services.get(service);
    if (rooms) return rooms;
    rooms = new Map();
    this.#services.set(service, rooms);
    return rooms;
  }
}

function listed({ room_id, info }: Omit<Room, "last_id">): ListedRoom {
  const { class: cls, timeout } = info;
  return { room_id, class: cls, ...(timeout !== undefined && { timeout }) };
}

function roomOf({ room, log }: Life): Room {
  return { ...room, last_id: log.length };
}

/** The order of SQLite's BINARY collation over UTF-8. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
