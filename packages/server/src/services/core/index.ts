import { definePlugin } from "../../core/plugin.ts";
import { callbackRegister } from "./callback_register.ts";
import { Callbacks } from "./callbacks.ts";
import { clientEvent } from "./core_event.ts";
import { ping } from "./core_ping.ts";
import { getSubscriptions } from "./event_get_subscriptions.ts";
import { eventSend } from "./event_send.ts";
import { subscribe } from "./event_subscribe.ts";
import { unsubscribe } from "./event_unsubscribe.ts";
import { serverInfo } from "./server_info.ts";
import { serverReload } from "./server_reload.ts";
import { sessionCmd } from "./session_cmd.ts";
import { sessionLog } from "./session_log.ts";
import { sessionSendEvent } from "./session_send_event.ts";
import { sessionStop } from "./session_stop.ts";
import { type CoreSettings, settings } from "./settings.ts";
import { userGet } from "./user_get.ts";
import { userList } from "./user_list.ts";
import { login } from "./user_login.ts";
import { refresh } from "./user_refresh.ts";
import { userSendEvent } from "./user_send_event.ts";

/** Login, events, sessions: what every service has. */
export const core = definePlugin({
  name: "core",
  settings,
  setup(service, given) {
    let settings = given;
    const callbacks = new Callbacks(service, settings);
    return {
      commands: [
        ping(),
        clientEvent(service),
        login(service),
        refresh(service),
        userList(service),
        userGet(service),
        userSendEvent(service),
        subscribe(service),
        unsubscribe(service),
        getSubscriptions(service),
        eventSend(service),
        sessionStop(service),
        sessionSendEvent(service),
        sessionCmd(service),
        sessionLog(service, () => settings),
        serverInfo(service),
        serverReload(service),
        callbackRegister(callbacks),
      ],
      hooks: {
        "core.login": callbacks.login,
        "core.subscribe": callbacks.subscribe,
        "room.create": callbacks.create,
        "msglog.send": callbacks.send,
        "core.ended": (session, next) => {
          next(session);
          callbacks.leave(session);
        },
      },
      update(changed) {
        settings = changed as CoreSettings;
        callbacks.update(settings);
      },
    };
  },
});
