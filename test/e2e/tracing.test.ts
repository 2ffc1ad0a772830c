import { type Attributes, type Span, type SpanOptions, trace } from "@opentelemetry/api";
import { expect, onTestFinished, test } from "vitest";
import { inRoom } from "../support/in-room.ts";

interface Recorded {
  readonly name: string;
  readonly attributes: Attributes;
  hasEnded: boolean;
}

/** A tracer provider that keeps what it is told. */
function recordSpans(): readonly Recorded[] {
  const spans: Recorded[] = [];
  const startSpan = (name: string, { attributes = {} }: SpanOptions = {}) => {
    const recorded = { name, attributes: { ...attributes }, hasEnded: false };
    spans.push(recorded);
    return {
      spanContext: () => ({ traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 }),
      setAttribute: (key: string, value: number) => Object.assign(recorded.attributes, { [key]: value }),
      setStatus() {},
      end() {
        recorded.hasEnded = true;
      },
    } as unknown as Span;
  };
  trace.setGlobalTracerProvider({
    getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }),
  });
  onTestFinished(() => trace.disable());
  return spans;
}

test("[O4] each command that is run has a span, and each commit", async () => {
  const spans = recordSpans();
  const { server, send, get } = await inRoom();
  await send({ text: "hello" });
  await get({ epoch: "none" });
  const attributes = { "roomlog.service": "main" };
  expect(spans).toContainEqual({ name: "media/room/msglog_send", attributes, hasEnded: true });
  expect(spans).toContainEqual({
    name: "media/room/msglog_get",
    attributes: { ...attributes, "roomlog.code": 304106 },
    hasEnded: true,
  });
  const commits = spans.filter(({ name }) => name === "commit");
  expect(commits).toHaveLength(server.counts.batches);
  expect(commits.at(-1)).toMatchObject({
    attributes: { "roomlog.writes": 1, "roomlog.sync_ms": expect.any(Number) },
    hasEnded: true,
  });
});

test("[O4] spans name no room, user or message, and no command that there is not", async () => {
  const spans = recordSpans();
  const { client, send } = await inRoom();
  await send({ text: "hello" });
  await client.call("core/core/no_such_command");
  const told = JSON.stringify(spans);
  for (const text of ["ann", '"r"', "hello", "no_such_command"]) expect(told).not.toContain(text);
});

test("[O4] the span of a command whose connection is lost ends all the same", async () => {
  const spans = recordSpans();
  const { client, server } = await inRoom();
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r", msg: {} },
    tid: 1,
  });
  await client.close();
  await server.close();
  expect(spans.filter(({ hasEnded }) => !hasEnded)).toEqual([]);
});

test("[O4] without a tracer provider there is no tracing", async () => {
  const { server, send } = await inRoom();
  const spans = recordSpans();
  await send({});
  expect(spans).toEqual([]);
  expect(server.readyz().status).toBe(200);
});
