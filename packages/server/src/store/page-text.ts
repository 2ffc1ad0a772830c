import { messageText } from "@roomlog/protocol";
import type { Page, PageText } from "./store.ts";

/** A page as everyone sees it (M2, M6). */
export function textOf({ messages, ...page }: Page, time_field: string): PageText {
  const texts = messages.map((message) => messageText(message.msg, message, time_field, message.log));
  return { ...page, text: `[${texts.join(",")}]`, count: texts.length };
}
