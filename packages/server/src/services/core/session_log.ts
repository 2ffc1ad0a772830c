import { command, type Service, SessionRate } from "../../core/plugin.ts";
import type { CoreSettings } from "./settings.ts";

/**
 * C5: what a client says about itself stays inside `client`, so that it cannot pass for a word of the server. The disk
 * is the operator's, so there is a rate in open mode too (Q10).
 */
export const sessionLog = (service: Service, current: () => CoreSettings) => {
  const rate = new SessionRate(service.clock, 100050, "core.log_rate");
  return command("core/session/log", {
    run({ data: { level = 1, ...client }, session }) {
      rate.count(session, current().log_rate);
      const { user_id, session_id } = session.identity;
      service.logger.info(
        { user: user_id, session: session_id, client: { level, ...client } },
        "a client's log",
      );
      return {};
    },
  });
};
