import { command, Later, type Quota, RequestError, type Service } from "../../core/plugin.ts";
import type { Timeouts } from "./timeouts.ts";

/** R1, Q7, R8: who makes a room owns it. */
export const create = (service: Service, timeouts: Timeouts, quota: Quota) =>
  command("media/room/create", {
    judgedBy: "grants",
    run({ data: { room_id: given = `room-${service.newId()}`, ...data }, session }) {
      return service.hooks.run(
        "room.create",
        { session, room_id: given, info: data },
        ({ room_id, info }) => {
          return new Later<{ room_id: string }>((settle) => {
            if (!quota.take(1)) return settle(tooMany(quota));
            // Names mean nothing where nobody has to prove who he is.
            const owner = service.authenticator.open ? undefined : session.identity.user_id;
            const settled = (failure: RequestError | undefined) => {
              if (failure) quota.give(1);
              else timeouts.add({ room_id, epoch, ...info });
              settle(failure ?? { room_id });
            };
            const epoch = service.rooms.create(room_id, info, { owner, settle: settled });
          });
        },
      );
    },
  });

function tooMany({ limit }: Quota): RequestError {
  return new RequestError(100050, { ...(limit !== undefined && { limit }) });
}
