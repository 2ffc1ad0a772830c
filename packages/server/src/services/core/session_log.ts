import { command, type Service } from "../../core/plugin.ts";

/** C5: what a client says about itself stays inside `client`, so that it cannot pass for a word of the server. */
export const sessionLog = (service: Service) =>
  command("core/session/log", {
    run({ data: { level = 1, ...client }, session }) {
      const { user_id, session_id } = session.identity;
      service.logger.info(
        { user: user_id, session: session_id, client: { level, ...client } },
        "a client's log",
      );
      return {};
    },
  });
