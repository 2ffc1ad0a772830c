import { command, JsonText, RequestError, type Service } from "../../core/plugin.ts";

/** The classes in which only the server speaks (E6). */
const RESERVED: ReadonlySet<string> = new Set(["core", "media", "*"]);

/** E6 */
export const eventSend = (service: Service) =>
  command("core/event/send", {
    run({ data: { service: named, body: _, ...event }, raw }) {
      if (RESERVED.has(event.class)) throw new RequestError(100030, { field: "class" });
      if (named !== undefined && named !== "*" && named !== service.name) throw new RequestError(100020);
      const { class: cls, subclass = "*", type = "*", obj_id = "*" } = event;
      service.hub.publish({ class: cls, subclass, type, obj_id, body: new JsonText(raw("body") ?? "{}") });
      return {};
    },
  });
