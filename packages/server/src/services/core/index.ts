import { definePlugin } from "../../core/plugin.ts";
import { getSubscriptions } from "./get_subscriptions.ts";
import { login } from "./login.ts";
import { subscribe } from "./subscribe.ts";
import { unsubscribe } from "./unsubscribe.ts";

/** Login, events, sessions: what every service has. */
export const core = definePlugin({
  name: "core",
  commands: (service) => [
    login(service),
    subscribe(service),
    unsubscribe(service),
    getSubscriptions(service),
  ],
});
