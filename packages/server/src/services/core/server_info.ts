import { command, type Service } from "../../core/plugin.ts";

/** C10: `time` in µs since 1970. */
export const serverInfo = ({ version, name, plugins, limits, clock }: Service) =>
  command("core/server/info", {
    run: () => ({ version, service: name, plugins: [...plugins], limits: { ...limits }, time: clock.wall() }),
  });
