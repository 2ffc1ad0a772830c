import { isDeepStrictEqual } from "node:util";
import { roomEvents } from "@roomlog/protocol";
import { Mismatch } from "./lanes.ts";
import type { Answered, Event, Talk } from "./legal.ts";
import type { Plan } from "./plan.ts";
import type { RoomName } from "./steps.ts";
import type { Received } from "./wire.ts";

/** What was asked on a connection; `tids` by plan. */
export interface Asked {
  readonly plans: readonly Plan[];
  readonly tids: readonly string[];
  readonly isCut: boolean;
}

/**
 * What a connection asked and got, put side by side. Throws a `Mismatch` when the frames alone are wrong: answers that
 * nobody asked for or out of order (F6), events of other rooms, an own event ahead of its answer (E7).
 */
export function talkOf(
  { plans, tids, isCut }: Asked,
  received: readonly Received[],
  roomNamed: (room_id: string) => RoomName | undefined,
): Talk {
  const frames = [...received.entries()];
  const answers = tids.map((tid) => answerTo(tid, frames));
  const events = frames.flatMap(([at, frame]): Event[] => {
    if (frame.kind !== "event") return [];
    const { type, obj_id, body } = frame.data;
    const room = roomNamed(obj_id);
    if (!room) throw new Mismatch(`an event that nobody here listens to: ${JSON.stringify(frame.data)}`);
    return [{ at, room, type, body }];
  });
  requireOrder(answers, frames);
  for (const [i, plan] of plans.entries()) requireOwnBehind(plan, answers[i], events);
  return { plans, answers, events, isCut };
}

type Frames = readonly (readonly [number, Received])[];

function answerTo(asked: string, frames: Frames): Answered | undefined {
  for (const [at, frame] of frames) {
    if (frame.kind === "answer" && frame.tid === asked) return { at, answer: frame.answer };
  }
  return undefined;
}

function requireOrder(answers: readonly (Answered | undefined)[], frames: Frames): void {
  const expected = answers.flatMap((answered) => (answered ? [answered.at] : []));
  const came = frames.flatMap(([at, { kind }]) => (kind === "answer" ? [at] : []));
  const isPrefix = answers.slice(0, expected.length).every((answered) => answered);
  if (isPrefix && isDeepStrictEqual(expected, came)) return;
  throw new Mismatch(`[F6] answers are missing, strange or out of order: at ${expected} of ${came}`);
}

/** E7, R5 */
function requireOwnBehind({ data }: Plan, answered: Answered | undefined, events: readonly Event[]): void {
  const own = events.find(({ type, body = {} }) => {
    const { n, data: status, info } = body;
    const { msg, data: asked, info: typed } = data as Record<string, { readonly n?: number }>;
    // A message that was edited may be read, with its new body, ahead of the answer to the edit.
    if (type === roomEvents.msglog_new_msg) return msg !== undefined && n === msg.n && !isEdited(body);
    if (type === roomEvents.status) return asked !== undefined && isDeepStrictEqual(status, asked);
    return type === roomEvents.info && typed !== undefined && info === typed;
  });
  if (!own || own.at > (answered?.at ?? Number.POSITIVE_INFINITY)) return;
  throw new Mismatch(`[E7] an own ${own.type} came ahead of the answer: ${JSON.stringify(own.body)}`);
}

function isEdited({ $log }: { readonly $log?: unknown }): boolean {
  return ($log as { readonly edited?: object } | undefined)?.edited !== undefined;
}
