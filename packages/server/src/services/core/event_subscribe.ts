import { command, JsonText, RequestError, type Service } from "../../core/plugin.ts";

/** E2, E4: in force before the answer is sent. Events of another service need the right `other_services` (S3). */
export const subscribe = (service: Service) =>
  command("core/event/subscribe", {
    judgedBy: "any grant",
    run({ data: { body: _, service: named, ...pattern }, session, raw }) {
      const hub = service.hubOf(named, session.identity);
      const limit = service.limits.subscriptions;
      if (hub.countOf(session) >= limit)
        throw new RequestError(100050, { limit, setting: "limits.subscriptions" });
      const body = copied(raw("body"));
      return service.hooks.run("core.subscribe", { session, pattern, service: named }, (subscription) => {
        hub.subscribe(session, subscription.pattern, body);
        return {};
      });
    },
  });

/** An empty body is none. */
function copied(text: string | undefined): JsonText | undefined {
  const body = text === undefined ? undefined : JsonText.kept(text);
  return body?.isEmptyObject ? undefined : body;
}
