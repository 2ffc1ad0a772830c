import { command, type Service } from "../../core/plugin.ts";

/** C2: reaches every session of the user; ok also when there is none. */
export const userSendEvent = (service: Service) =>
  command("core/user/send_event", {
    run({ data: { user, type = "*", body = {} } }) {
      service.hub.publish({ class: "core", subclass: "user_event", type, obj_id: user, body });
      return {};
    },
  });
