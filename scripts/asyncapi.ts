import { commands } from "@roomlog/protocol/commands";
import { errorSchema, requestSchemas, type Schema, schemaOf } from "../packages/server/src/http/schemas.ts";
import { version } from "../packages/server/src/version.ts";

const CHANNEL = "#/channels/socket";
const tid = {};

const nameOf = (command: string) => command.replaceAll("/", ".");
const messageRef = (message: string) => ({ $ref: `${CHANNEL}/messages/${message}` });

/** The frames (section F) as AsyncAPI 3, seen from the server: it receives commands and sends events (H11). */
export function asyncApi() {
  const requests = requestSchemas();
  const answers = requests.map(([name]) => [
    `${nameOf(name)}.ok`,
    message(answerSchema(schemaOf(commands[name].result))),
  ]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Roomlog",
      version,
      description: "JSON over WebSocket, one document a frame. The rules stand in docs/PROTOCOL.md.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: { local: { host: "127.0.0.1:9010", protocol: "ws" } },
    channels: {
      socket: {
        address: "/",
        description: "The path of a listener (T2).",
        messages: {
          ...Object.fromEntries(requests.map(([name, schema]) => [nameOf(name), message(framed(schema))])),
          ...Object.fromEntries(answers),
          error: message(errorFrame),
          ack: message({ type: "object", properties: { ack: tid }, required: ["ack"] }),
          event: message(eventFrame),
          ping: message(serverRequest("ping", { type: "object", properties: { time: { type: "integer" } } })),
          answer: message({
            type: "object",
            properties: { result: {}, data: {}, tid },
            required: ["result", "tid"],
          }),
        },
      },
    },
    operations: {
      ...Object.fromEntries(requests.map(([name]) => [nameOf(name), received(nameOf(name))])),
      event: asked("event"),
      ping: asked("ping"),
    },
  };
}

function message(payload: Schema) {
  return { payload };
}

/** A command of the client, answered with its result or an error; an ack may come first (F3). */
function received(name: string) {
  return {
    action: "receive",
    channel: { $ref: CHANNEL },
    messages: [messageRef(name)],
    reply: { channel: { $ref: CHANNEL }, messages: [`${name}.ok`, "error", "ack"].map(messageRef) },
  };
}

/** A request of the server, which the client answers (F8). */
function asked(name: string) {
  return {
    action: "send",
    channel: { $ref: CHANNEL },
    messages: [messageRef(name)],
    reply: { channel: { $ref: CHANNEL }, messages: ["answer", "ack"].map(messageRef) },
  };
}

function framed(schema: Schema): Schema {
  return { ...schema, required: [...(schema.required ?? []), "tid"] };
}

function answerSchema(data: Schema): Schema {
  return { type: "object", properties: { result: { const: "ok" }, data, tid }, required: ["result", "tid"] };
}

const errorFrame: Schema = {
  type: "object",
  properties: { result: { const: "error" }, data: errorSchema, tid },
  required: ["result", "data", "tid"],
};

function serverRequest(cmd: string, data: Schema): Schema {
  const properties = { class: { const: "core" }, cmd: { const: cmd }, data, tid: { type: "integer" } };
  return { type: "object", properties, required: ["class", "cmd", "tid"] };
}

const text = { type: "string" };
const eventFrame = serverRequest("event", {
  type: "object",
  properties: {
    class: text,
    subclass: text,
    type: text,
    obj_id: text,
    service: text,
    body: { type: "object" },
  },
  required: ["class"],
});
