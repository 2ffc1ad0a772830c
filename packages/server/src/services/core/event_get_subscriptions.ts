import { command, type Service } from "../../core/plugin.ts";

/** E5: without an ack; an empty body is left out. */
export const getSubscriptions = (service: Service) =>
  command("core/event/get_subscriptions", {
    run: ({ session }) =>
      service.hub.of(session).map(({ pattern, body }) => {
        const { class: cls, subclass = "*", type = "*", obj_id = "*" } = pattern;
        return { class: cls, subclass, type, obj_id, ...(Object.keys(body).length > 0 && { body }) };
      }),
  });
