import { command, JsonText, type Service, toJson, withField } from "../../core/plugin.ts";

/** E5: without an ack; an empty body is left out, and so is the own service. */
export const getSubscriptions = (service: Service) =>
  command("core/event/get_subscriptions", {
    judgedBy: "any grant",
    run({ session }) {
      const all = Array.from(service.hubs, ([name, hub]) =>
        hub.of(session).map((one) => ({ ...one, service: name })),
      );
      const newestFirst = all.flat().sort((a, b) => b.order - a.order);
      const listed = newestFirst.map(({ pattern, body, service: name }) => {
        const { class: cls, subclass = "*", type = "*", obj_id = "*" } = pattern;
        const fields = { class: cls, subclass, type, obj_id, ...(name && { service: name }) };
        return toJson(body.isEmptyObject ? fields : withField(fields, "body", body));
      });
      return new JsonText(`[${listed.join(",")}]`);
    },
  });
