import { command } from "../../core/plugin.ts";
import type { Eraser } from "./eraser.ts";

/** M21: answered when it is complete. */
export const eraseUser = (eraser: Eraser) =>
  command("media/room/msglog_erase_user", {
    acked: true,
    detached: true,
    audited: ["user_id", "dry_run"],
    async run({ data: { user_id, dry_run }, session }) {
      if (dry_run) return eraser.wouldErase(user_id);
      const { by: _, ...receipt } = await eraser.erase(user_id, session.identity.user_id);
      return receipt;
    },
  });
