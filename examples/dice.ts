/**
 * A plugin with a command of its own: `game/dice/roll {sides?}` → `{value}`. In the configuration:
 *
 *     plugins: [core, ./examples/dice.ts]
 */
import { randomInt } from "node:crypto";
import { defineCommand, definePlugin } from "roomlog/plugin";
import * as z from "zod";

export default definePlugin({
  name: "dice",
  needs: ["core"],
  setup: () => ({
    commands: [
      defineCommand({
        class: "game",
        subclass: "dice",
        cmd: "roll",
        right: "dice_roll",
        schema: z.object({ sides: z.int().min(2).max(1000).default(6) }),
        run: ({ data: { sides } }) => ({ value: randomInt(1, sides + 1) }),
      }),
    ],
  }),
});
