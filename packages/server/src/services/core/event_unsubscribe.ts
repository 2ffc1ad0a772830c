import { command, type Service } from "../../core/plugin.ts";

/** E4: ends the subscription to exactly this pattern; ok also when there is none. */
export const unsubscribe = (service: Service) =>
  command("core/event/unsubscribe", {
    judgedBy: "any grant",
    run({ data: { service: named, ...pattern }, session }) {
      const hub = service.hubOf(named, session.identity);
      session.feed.without(() => hub.unsubscribe(session, pattern));
      return {};
    },
  });
