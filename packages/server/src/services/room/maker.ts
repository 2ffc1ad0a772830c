import type { RoomInfo } from "@roomlog/protocol";
import {
  type Answered,
  Later,
  type OpenSession,
  type Quota,
  RequestError,
  type Service,
} from "../../core/plugin.ts";
import type { Timeouts } from "./timeouts.ts";

type Made = { readonly room_id: string };

/** A room that somebody wants. */
interface Wanted {
  readonly session: OpenSession;
  readonly room_id: string;
  readonly info: RoomInfo;
  /** Who is to own it (R8). */
  readonly owner: string | undefined;
}

/** Makes rooms, as far as hooks (C9) and the quota (Q7) let it. */
export class Maker {
  readonly #service: Service;
  readonly #timeouts: Timeouts;
  readonly #quota: Quota;

  constructor(service: Service, timeouts: Timeouts, quota: Quota) {
    this.#service = service;
    this.#timeouts = timeouts;
    this.#quota = quota;
  }

  /** Fails with 304002 when there is one, 100050 when there are too many. */
  make({ session, room_id: wanted, info: given, owner }: Wanted): Answered<{ room_id: string }> {
    return this.#service.hooks.run(
      "room.create",
      { session, room_id: wanted, info: given },
      ({ room_id, info }) => new Later<Made>((settle) => this.#create({ room_id, info, owner }, settle)),
    );
  }

  /** Makes it when it is not there. */
  async ensure(wanted: Wanted): Promise<void> {
    const { rooms } = this.#service;
    if (await rooms.exists(wanted.room_id)) return;
    const made = await this.make(wanted);
    if (!(made instanceof Later)) return;
    await new Promise<void>((resolve, reject) => {
      made.start((outcome) => {
        // Somebody else was quicker.
        if (outcome instanceof RequestError && outcome.code !== 304002) reject(outcome);
        else resolve();
      });
    });
  }

  #create(
    { room_id, info, owner }: Omit<Wanted, "session">,
    settle: (outcome: Made | RequestError) => void,
  ): void {
    const { limit } = this.#quota;
    if (!this.#quota.take(1))
      return settle(
        new RequestError(100050, limit === undefined ? {} : { limit, setting: "room.max_rooms" }),
      );
    const settled = (failure: RequestError | undefined) => {
      if (failure) this.#quota.give(1);
      else this.#timeouts.add({ room_id, epoch, ...info });
      settle(failure ?? { room_id });
    };
    const epoch = this.#service.rooms.create(room_id, info, { owner, settle: settled });
  }
}
