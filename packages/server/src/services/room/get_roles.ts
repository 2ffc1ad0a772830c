import { command, type Service } from "../../core/plugin.ts";

/** R8 */
export const getRoles = (service: Service) =>
  command("media/room/get_roles", {
    async run({ data: { room_id } }) {
      await service.rooms.get(room_id);
      const all = Array.from(service.roomRights.standings(room_id), ([user_id, standing]) => {
        const { role_until: until, ...rest } = standing;
        return [user_id, { ...rest, ...(until !== undefined && { until }) }] as const;
      });
      return Object.fromEntries(all.filter(([, { role, muted }]) => role ?? muted));
    },
  });
