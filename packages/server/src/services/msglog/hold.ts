import { command, type Log, type Service } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** M22 */
export const hold = (service: Service, log: Log) =>
  command("media/room/msglog_hold", {
    audited: ["room_id", "hold", "epoch"],
    async run({ data: { room_id, hold, reason, epoch: named }, session: { identity: who } }) {
      const asks = { who, right: "msglog_hold" };
      const epoch = named === undefined ? undefined : await epochOf(room_id, named);
      if (hold && epoch === undefined) await require(room_id);
      const since = service.clock.wall();
      const set = hold ? { ...defined({ reason }), since, by: who.user_id } : undefined;
      await log.erasures.setHold(room_id, epoch, set);
      return {};

      async function epochOf(room_id: string, epoch: string): Promise<string> {
        return (await log.life({ room_id, epoch }, asks)).epoch;
      }

      /** One that has ended can be held too. */
      async function require(room_id: string): Promise<void> {
        if (!(await service.rooms.exists(room_id))) await log.life({ room_id, epoch: "last" }, asks);
      }
    },
  });
