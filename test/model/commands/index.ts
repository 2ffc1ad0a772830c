import { errorCodes } from "@roomlog/protocol";
import { refused } from "../answers.ts";
import { mayAsk } from "../people.ts";
import { type Plan, type Planner, reads } from "../plan.ts";
import type { Op } from "../steps.ts";
import { edit, remove } from "./changes.ts";
import { hold } from "./hold.ts";
import { mark, marks, unread } from "./marks.ts";
import { join, leave } from "./members.ts";
import { epochs, get, info } from "./reading.ts";
import { purge, retain } from "./retention.ts";
import { create, destroy, status, typing } from "./rooms.ts";
import { schema, schemas } from "./schemas.ts";
import { send } from "./send.ts";
import { listen, mute, subscribe, unsubscribe } from "./subscribe.ts";

type Asking = Exclude<Op, { readonly do: "answer" | "ack" }>;

/** What a frame asks for. Answers to the server ask for nothing. */
export function planOf(planner: Planner, op: Asking): Plan {
  const plan = askedBy(planner, op);
  if (mayAsk(planner.user_id, op)) return plan;
  return { ...plan, pipelined: true, first: reads(() => ({ answer: refused(errorCodes.unauthorized) })) };
}

function askedBy(planner: Planner, op: Asking): Plan {
  switch (op.do) {
    case "send":
      return send(planner, op);
    case "edit":
      return edit(planner, op);
    case "remove":
      return remove(planner, op);
    case "mark":
      return mark(planner, op);
    case "marks":
      return marks(planner, op);
    case "unread":
      return unread(planner, op);
    case "get":
      return get(planner, op);
    case "info":
      return info(planner, op);
    case "epochs":
      return epochs(planner, op);
    case "subscribe":
      return subscribe(planner, op);
    case "unsubscribe":
      return unsubscribe(planner, op);
    case "join":
      return join(planner, op);
    case "leave":
      return leave(planner, op);
    case "listen":
      return listen(planner, op);
    case "mute":
      return mute(planner, op);
    case "create":
      return create(planner, op);
    case "destroy":
      return destroy(planner, op);
    case "status":
      return status(planner, op);
    case "typing":
      return typing(planner, op);
    case "purge":
      return purge(planner, op);
    case "retain":
      return retain(planner, op);
    case "hold":
      return hold(planner, op);
    case "schema":
      return schema(planner, op);
    case "schemas":
      return schemas(planner, op);
  }
}
