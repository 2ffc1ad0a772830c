import { command, RequestError, type Service } from "../../core/plugin.ts";

/** C11: the running settings stay as they are when the new ones are wrong. */
export const serverReload = (service: Service) =>
  command("core/server/reload", {
    audited: [],
    async run() {
      try {
        return { restart_needed: [...(await service.reload())] };
      } catch (error) {
        service.logger.error({ err: error }, "the configuration was not reloaded");
        throw new RequestError(100041);
      }
    },
  });
