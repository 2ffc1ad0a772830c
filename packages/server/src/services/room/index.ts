import { definePlugin } from "../../core/plugin.ts";
import { create } from "./create.ts";
import { destroy } from "./destroy.ts";
import { getInfo } from "./get_info.ts";
import { getList } from "./get_list.ts";

/** Rooms that are created, listed and destroyed, and survive a restart (R1–R3, R7). */
export const room = definePlugin({
  name: "room",
  needs: ["core"],
  commands: (service) => [create(service), destroy(service), getList(service), getInfo(service)],
});
