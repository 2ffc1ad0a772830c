import { command, RequestError, type Service } from "../../core/plugin.ts";

/** E2, E4: in force before the answer is sent. */
export const subscribe = (service: Service) =>
  command("core/event/subscribe", {
    run({ data: { body, service: named, ...pattern }, session }) {
      if (named !== undefined && named !== "*" && named !== service.name) throw new RequestError(100020);
      return service.hooks.run("core.subscribe", { session, pattern }, (subscription) => {
        service.hub.subscribe(session, subscription.pattern, body);
        return {};
      });
    },
  });
