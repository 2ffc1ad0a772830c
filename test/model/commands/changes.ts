import { type ErrorCode, errorCodes } from "@roomlog/protocol";

import type { Plan, Planner } from "../plan.ts";
import type { Op } from "../steps.ts";
import { isDeleted, keptOf, type Life } from "../world.ts";
import { idBack } from "./choices.ts";
import { bodyOf, put } from "./send.ts";

type Change = Op & { readonly do: "edit" | "remove" };

/** M15 */
export function edit(planner: Planner, op: Change): Plan {
  const msg = bodyOf(planner, op.size);
  const change = { op: "edit", ref: idOf(planner, op) } as const;
  return put(planner, {
    ...op,
    ...change,
    request: { name: "media/room/msglog_edit", data: { msg_id: change.ref, msg } },
    msg,
    refusal: (life) => refusalOf(life, change.ref),
  });
}

/** M15 */
export function remove(planner: Planner, op: Change): Plan {
  const change = { op: "delete", ref: idOf(planner, op) } as const;
  const reason = `reason ${planner.count()}`;
  return put(planner, {
    ...op,
    ...change,
    request: { name: "media/room/msglog_delete", data: { msg_id: change.ref, reason } },
    msg: { reason },
    refusal: (life) => refusalOf(life, change.ref),
  });
}

function idOf(planner: Planner, { room, back, epoch }: Change): number {
  return Math.max(1, idBack(planner, room, back, epoch));
}

/** Here everybody may change what others have sent. */
function refusalOf(life: Life, msg_id: number): ErrorCode | undefined {
  const message = keptOf(life).find((one) => one.msg_id === msg_id);
  const isThere = message && message.op === undefined && !message.erased && !isDeleted(life, message);
  return isThere ? undefined : errorCodes.message_not_found;
}
