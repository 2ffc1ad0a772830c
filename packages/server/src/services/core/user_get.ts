import { command, RequestError, type Service } from "../../core/plugin.ts";

/** C1 */
export const userGet = (service: Service) =>
  command("core/user/get", {
    isOwn: ({ user }, who) => user === who.user_id,
    run({ data: { user } }) {
      const sessions = service.sessions.open().filter(({ identity }) => identity.user_id === user);
      if (sessions.length === 0) throw new RequestError(100033);
      return Object.fromEntries(
        sessions.map(({ identity, remote }) => [identity.session_id, { type: "api_server", remote }]),
      );
    },
  });
