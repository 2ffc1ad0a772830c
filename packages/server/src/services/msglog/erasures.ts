import { command, type Log } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** The longest list that is answered. */
const MAX_LIST = 1000;

/** M21: the newest first. */
export const erasures = (log: Log) =>
  command("media/room/msglog_erasures", {
    async run({ data: { before, limit = MAX_LIST } }) {
      const found = await log.erasures.list({ limit, ...defined({ before }) });
      return found.map(({ at, ...erasure }) => ({ ...erasure, at: at ?? 0, complete: at !== undefined }));
    },
  });
