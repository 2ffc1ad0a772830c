import { command, type Service } from "../../core/plugin.ts";

/** C1 */
export const userList = (service: Service) =>
  command("core/user/list", {
    run: () => {
      const byUser = Map.groupBy(service.sessions.open(), ({ identity }) => identity.user_id);
      const ids = [...byUser].map(([user, sessions]) => [
        user,
        sessions.map(({ identity }) => identity.session_id),
      ]);
      return Object.fromEntries(ids);
    },
  });
