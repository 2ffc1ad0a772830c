import { command } from "../../core/plugin.ts";
import type { Callbacks } from "./callbacks.ts";

/** C9 */
export const callbackRegister = (callbacks: Callbacks) =>
  command("core/callback/register", {
    run({ data: { callback, class: cls }, session }) {
      callbacks.register(callback, session, cls);
      return {};
    },
  });
