import type { Tracer } from "@opentelemetry/api";
import type { Tracing } from "../core/tracing.ts";
import type { Commit } from "../store/managed.ts";

/** O4: spans for commands and commits. */
export interface Spans extends Tracing {
  committed(commit: Commit): void;
}

/**
 * Spans of OpenTelemetry, when its API is installed and the process has registered a tracer provider before; otherwise
 * undefined, and nothing is spent on it. Where there is none, spans have no valid id.
 */
export async function spansIfWanted(version: string): Promise<Spans | undefined> {
  if (!isApiUsed()) return undefined;
  const api = await import("@opentelemetry/api").catch(() => undefined);
  if (!api) return undefined;
  const tracer = api.trace.getTracer("roomlog", version);
  const start = tracer.startSpan("roomlog start");
  start.end();
  return api.isSpanContextValid(start.spanContext()) ? spansOf(tracer, api) : undefined;
}

/** Copies of the API find one another, and what was registered with one, under such a name; without it none is loaded. */
function isApiUsed(): boolean {
  const names = Object.getOwnPropertySymbols(globalThis).map(({ description }) => description);
  return names.some((name) => name?.startsWith("opentelemetry.js.api."));
}

type Api = Pick<typeof import("@opentelemetry/api"), "SpanKind" | "SpanStatusCode">;

function spansOf(tracer: Tracer, { SpanKind, SpanStatusCode }: Api): Spans {
  return {
    command(name, service) {
      const span = tracer.startSpan(name, {
        kind: SpanKind.SERVER,
        attributes: { "roomlog.service": service },
      });
      return (code) => {
        if (code !== undefined) {
          span.setAttribute("roomlog.code", code);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      };
    },
    committed({ writes, started, ended, sync_ms }) {
      const attributes = {
        "roomlog.writes": writes,
        ...(sync_ms !== undefined && { "roomlog.sync_ms": sync_ms }),
      };
      const span = tracer.startSpan("commit", { startTime: wall(started), attributes });
      span.end(wall(ended));
    },
  };
}

/** Milliseconds since 1970 of a time of `performance.now()`. */
function wall(at: number): number {
  return performance.timeOrigin + at;
}
