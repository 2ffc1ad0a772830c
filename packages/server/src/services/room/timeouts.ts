import { errorTexts, type RoomInfo } from "@roomlog/protocol";
import type { Service } from "../../core/plugin.ts";

const TIMEOUT = { code: 100005, reason: errorTexts[100005] };

interface RoomLife {
  readonly room_id: string;
  readonly epoch: string;
}

/** Ends rooms in which nothing has happened for their `timeout` (R6). */
export class Timeouts {
  readonly #service: Service;
  #default: number | undefined;
  /** Rooms with a timeout: when something last happened, in monotonic milliseconds. */
  readonly #rooms = new Map<string, { readonly epoch: string; readonly ms: number; last: number }>();

  constructor(service: Service, defaultSeconds: number | undefined) {
    this.#service = service;
    this.#default = defaultSeconds;
  }

  /** For rooms that are created from now on. */
  set defaultSeconds(seconds: number | undefined) {
    this.#default = seconds;
  }

  add({ room_id, epoch, timeout = this.#default }: RoomLife & Pick<RoomInfo, "timeout">): void {
    if (timeout === undefined) return;
    this.#rooms.set(room_id, { epoch, ms: timeout * 1000, last: this.#service.clock.monotonic() });
  }

  touch(room_id: string): void {
    const room = this.#rooms.get(room_id);
    if (room) room.last = this.#service.clock.monotonic();
  }

  end(room_id: string): void {
    this.#rooms.delete(room_id);
  }

  sweep(now: number): void {
    for (const [room_id, { epoch, ms, last }] of this.#rooms) {
      if (now - last < ms) continue;
      this.#rooms.delete(room_id);
      this.#service.rooms.destroy({ room_id, epoch }, TIMEOUT, () => {});
    }
  }
}
