import { command, type Service } from "../../core/plugin.ts";

/** C2: ok also when there is no such session. */
export const sessionSendEvent = (service: Service) =>
  command("core/session/send_event", {
    run({ data: { session_id, type = "*", body = {} } }) {
      service.hub.publish({ class: "core", subclass: "session_event", type, obj_id: session_id, body });
      return {};
    },
  });
