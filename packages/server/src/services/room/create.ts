import { command, type Service } from "../../core/plugin.ts";
import type { Maker } from "./maker.ts";

/** R1, R8: who makes a room owns it; but names mean nothing where nobody has to prove who he is. */
export const create = (service: Service, maker: Maker) =>
  command("media/room/create", {
    judgedBy: "grants",
    run({ data: { room_id = `room-${service.newId()}`, ...info }, session }) {
      const owner = service.authenticator.open ? undefined : session.identity.user_id;
      return maker.make({ session, room_id, info, owner });
    },
  });
