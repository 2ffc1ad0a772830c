import { classify, MAX_MESSAGE_DEPTH } from "@roomlog/protocol";
import { missingField, syntaxError } from "./errors.ts";
import { plainOk } from "./frames.ts";
import { copyOf, JsonText, memberText, parseShallow, shapeOf } from "./json-text.ts";
import type { Request } from "./requests.ts";
import type { Reply } from "./unanswered.ts";
import { usualRequest } from "./usual-request.ts";

/** What a client says with a frame (F1–F5). */
export type Inbound =
  /** Also one that can only be answered with its `fault`. */
  | { readonly kind: "request"; readonly request: Request }
  /** The usual answer to an event. */
  | { readonly kind: "ok"; readonly tid: number }
  | { readonly kind: "reply"; readonly tid: unknown; readonly reply: Reply }
  | { readonly kind: "ack"; readonly tid: unknown }
  /** Cannot be answered: the connection ends. */
  | { readonly kind: "malformed"; readonly reason: string };

/** A message of 64 levels inside `data` inside the frame (M7). */
const MAX_FRAME_DEPTH = MAX_MESSAGE_DEPTH + 2;

/** Reads a frame of at most `frame_values` values (F11). */
export function inboundOf(text: string, frame_values: number): Inbound {
  const answered = plainOk(text);
  if (answered !== undefined) return { kind: "ok", tid: answered };
  // A shorter one has fewer values in any case.
  const shape = text.length > frame_values ? shapeOf(text, MAX_FRAME_DEPTH) : undefined;
  if (shape && shape.values > frame_values)
    return malformed(`limits.frame_values: over ${frame_values} values in a frame`);
  const usual = usualRequest(text, MAX_FRAME_DEPTH);
  if (usual) return { kind: "request", request: usual };
  try {
    const { value, deep } = parseShallow(text, MAX_FRAME_DEPTH, shape?.depth);
    return value === undefined ? malformed("tid: nested too deeply") : parsed(value, deep, text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return malformed("invalid JSON");
  }
}

/** `deep`: the field that is nested too deeply. */
function parsed(value: unknown, deep: string | undefined, text: string): Inbound {
  const frame = classify(value);
  switch (frame.kind) {
    case "request": {
      const { class: cls, subclass, cmd, data } = frame;
      const request = { class: cls, subclass, cmd, data, tid: tidOf(text, frame.tid), text };
      return {
        kind: "request",
        request: deep === undefined ? request : { ...request, fault: syntaxError(deep) },
      };
    }
    case "invalid": {
      const fault = frame.problem === "missing" ? missingField(frame.field) : syntaxError(frame.field);
      return {
        kind: "request",
        request: { class: "", subclass: "", cmd: "", data: {}, tid: tidOf(text), text, fault },
      };
    }
    case "response":
      return { kind: "reply", tid: frame.tid, reply: replyOf(frame.result, text, deep) };
    default:
      return frame;
  }
}

function malformed(reason: string): Inbound {
  return { kind: "malformed", reason };
}

/** The text of a request's tid. Most are a number that stands at the end. */
function tidOf(text: string, tid?: unknown): string {
  if (typeof tid === "number" && text.endsWith(`,"tid":${tid}}`)) return String(tid);
  return copyOf(memberText(text, "tid") as string);
}

/** What is nested too deeply was not checked to be JSON, so it is passed on to nobody. */
function replyOf(result: unknown, text: string, deep: string | undefined): Reply {
  if (deep !== undefined) return { result: undefined, data: undefined };
  const data = memberText(text, "data");
  return { result, data: data === undefined ? undefined : new JsonText(data) };
}
