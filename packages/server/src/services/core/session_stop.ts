import { closeCodes, errorTexts } from "@roomlog/protocol";
import { command, RequestError, type Service } from "../../core/plugin.ts";

/** C3: the answer comes first, also when a session stops itself; its own sessions every user may stop. */
export const sessionStop = (service: Service) =>
  command("core/session/stop", {
    audited: ["session_id"],
    isOwn: ({ session_id }, { user_id }) => service.sessions.isOf(session_id, user_id),
    run({ data: { session_id }, afterwards }) {
      const target = service.sessions.get(session_id);
      if (!target?.identity) throw new RequestError(100062);
      service.sessions.stopped.note(session_id, service.clock.wall() / 1e6, service.limits.resume_seconds);
      afterwards(() => target.close(closeCodes.session_stopped, errorTexts[100061]));
      return { user: target.identity.user_id };
    },
  });
