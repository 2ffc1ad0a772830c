import { command, may, RequestError, type Service } from "../../core/plugin.ts";

/** E2, E4: in force before the answer is sent. Events of another service need the right `other_services` (S3). */
export const subscribe = (service: Service) =>
  command("core/event/subscribe", {
    run({ data: { body, service: named, ...pattern }, session }) {
      const hub = service.hubOf(named);
      if (hub !== service.hub && !may(session.identity.rights, "other_services"))
        throw new RequestError(100030);
      const limit = service.limits.subscriptions;
      if (hub.countOf(session) >= limit) throw new RequestError(100050, { limit });
      return service.hooks.run("core.subscribe", { session, pattern, service: named }, (subscription) => {
        hub.subscribe(session, subscription.pattern, body);
        return {};
      });
    },
  });
