import { type ErrorCode, errorCodes } from "@roomlog/protocol";

import { may, seesAll } from "../people.ts";
import type { Plan, Planner } from "../plan.ts";
import type { Op } from "../steps.ts";
import { isDeleted, keptOf, type Life } from "../world.ts";
import { idBack } from "./choices.ts";
import { bodyOf, put } from "./send.ts";

type Change = Op & { readonly do: "edit" | "remove" };

/** M15, M24 */
export function edit(planner: Planner, op: Change): Plan {
  const { user_id } = planner;
  const msg = bodyOf(planner, op.body);
  const change = { op: "edit", ref: idOf(planner, op) } as const;
  return put(planner, {
    ...op,
    ...change,
    request: { name: "media/room/msglog_edit", data: { msg_id: change.ref, msg } },
    msg,
    isTyped: true,
    refusal: (life) =>
      refusalOf(life, change.ref, { user_id, isAny: may(user_id, "msglog_edit_any", op.room) }),
  });
}

/** M15 */
export function remove(planner: Planner, op: Change): Plan {
  const { user_id } = planner;
  const change = { op: "delete", ref: idOf(planner, op) } as const;
  const reason = `reason ${planner.count()}`;
  return put(planner, {
    ...op,
    ...change,
    request: { name: "media/room/msglog_delete", data: { msg_id: change.ref, reason } },
    msg: { reason },
    isTyped: false,
    refusal: (life) =>
      refusalOf(life, change.ref, { user_id, isAny: may(user_id, "msglog_delete_any", op.room) }),
  });
}

function idOf(planner: Planner, { room, back, epoch }: Change): number {
  return Math.max(1, idBack(planner, room, back, epoch));
}

interface Changing {
  readonly user_id: string;
  /** Whether he may change what others have sent. */
  readonly isAny: boolean;
}

function refusalOf(life: Life, msg_id: number, { user_id, isAny }: Changing): ErrorCode | undefined {
  const message = keptOf(life).find((one) => one.msg_id === msg_id);
  const isThere = message && message.op === undefined && !message.erased && !isDeleted(life, message);
  if (!isThere) return errorCodes.message_not_found;
  if (isAny || message.user_id === user_id) return undefined;
  return seesAll(user_id) ? errorCodes.unauthorized : errorCodes.message_not_found;
}
