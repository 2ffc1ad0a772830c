import type { EventData } from "@roomlog/protocol";
import { command, type Service } from "../../core/plugin.ts";

/** E8: an event of the client is for the plugins; without one that takes it nothing happens. */
export const clientEvent = (service: Service) =>
  command("core/core/event", {
    run: ({ data, session }) =>
      service.hooks.run("core.event", { session, event: data as EventData }, () => ({})),
  });
