/**
 * A plugin that changes messages before they are stored. In the configuration:
 *
 *     plugins: [core, room, msglog, ./examples/profanity.ts]
 *     profanity: { words: [darn, heck] }
 */
import { definePlugin } from "roomlog/plugin";
import * as z from "zod";

export default definePlugin({
  name: "profanity",
  needs: ["msglog"],
  settings: z.strictObject({ words: z.array(z.string().min(1)).default(["darn"]) }),
  setup(_service, { words }) {
    const bad = new RegExp(`\\b(${words.map(plain).join("|")})\\b`, "gi");
    return {
      hooks: {
        "msglog.send": (message, next) => {
          const { text } = message.msg;
          if (typeof text !== "string") return next(message);
          const stars = text.replace(bad, (word) => "*".repeat(word.length));
          return next(stars === text ? message : { ...message, msg: { ...message.msg, text: stars } });
        },
      },
    };
  },
});

/** The word as a regular expression that matches only it. */
function plain(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
