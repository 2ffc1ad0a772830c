import { command } from "../../core/plugin.ts";
import type { Webhooks } from "./webhooks.ts";

const USUAL_PAGE = 100;

/** W7 */
export const deadLetters = ({ deliveries }: Webhooks) =>
  command("core/webhook/dead_letters", {
    async run({ data: { webhook, before, limit = USUAL_PAGE } }) {
      const query = { ...(webhook !== undefined && { webhook }), ...(before !== undefined && { before }) };
      const letters = await deliveries.deadLetters({ ...query, limit });
      return letters.map(({ service: _, ...letter }) => letter);
    },
  });
