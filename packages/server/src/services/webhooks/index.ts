import { definePlugin } from "../../core/plugin.ts";
import { settings, type WebhookSettings } from "./settings.ts";
import { deadLetters } from "./webhook_dead_letters.ts";
import { list } from "./webhook_list.ts";
import { retry } from "./webhook_retry.ts";
import { Webhooks } from "./webhooks.ts";

/** Programs that are told what is stored. */
export const webhooks = definePlugin({
  name: "webhooks",
  needs: ["msglog"],
  settings,
  setup(service, given) {
    const webhooks = new Webhooks(service);
    return {
      measures: webhooks.measures,
      commands: [list(webhooks), deadLetters(webhooks), retry(webhooks)],
      async start() {
        await webhooks.start(given);
        return () => webhooks.stop();
      },
      finish: () => webhooks.finish(),
      update: (changed) => webhooks.update(changed as readonly WebhookSettings[]),
    };
  },
});
