import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Frame } from "./raw-client.ts";

/** A request of a webhook, as it came. */
export interface Told {
  readonly body: string;
  readonly signature: string;
  readonly payload: Frame;
  readonly response: ServerResponse;
}

/** A program that is told by webhooks. It answers 200, until it is told to do something else. */
export async function receiver() {
  const told: Told[] = [];
  let answer: (told: Told) => void = ({ response }) => response.end();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const signature = String(request.headers["roomlog-signature"]);
      const one = { body, signature, payload: JSON.parse(body), response };
      told.push(one);
      answer(one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/hook`,
    told,
    /** What is done with requests from now on: a status, or anything. */
    answers(what: number | ((told: Told) => void)) {
      answer = typeof what === "number" ? ({ response }) => response.writeHead(what).end() : what;
    },
    /** The ids of all messages that were told of a room, request by request. */
    idsOf: (room_id: string): number[][] =>
      told
        .filter(({ payload }) => payload.room_id === room_id)
        .map(({ payload }) => payload.messages.map(({ msg_id }: Frame) => msg_id)),
  };
}
