import { command, type Service } from "../../core/plugin.ts";

/** E5: without an ack; an empty body is left out, and so is the own service. */
export const getSubscriptions = (service: Service) =>
  command("core/event/get_subscriptions", {
    run({ session }) {
      const all = Array.from(service.hubs, ([name, hub]) =>
        hub.of(session).map((one) => ({ ...one, service: name })),
      );
      const newestFirst = all.flat().sort((a, b) => b.order - a.order);
      return newestFirst.map(({ pattern, body, service: name }) => {
        const { class: cls, subclass = "*", type = "*", obj_id = "*" } = pattern;
        const hasBody = Object.keys(body).length > 0;
        return {
          class: cls,
          subclass,
          type,
          obj_id,
          ...(name && { service: name }),
          ...(hasBody && { body }),
        };
      });
    },
  });
