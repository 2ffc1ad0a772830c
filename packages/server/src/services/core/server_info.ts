import { command, type Service } from "../../core/plugin.ts";

/** C10: `time` in µs since 1970. */
export const serverInfo = (service: Service) =>
  command("core/server/info", {
    run() {
      const { version, name, plugins, limits, clock } = service;
      return { version, service: name, plugins: [...plugins], limits: { ...limits }, time: clock.wall() };
    },
  });
