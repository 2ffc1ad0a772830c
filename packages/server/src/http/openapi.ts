import { commands } from "@roomlog/protocol/commands";
import { FORMATS, formats } from "../transcript/formats.ts";
import { statuses } from "./answers.ts";
import { errorSchema, requestSchemas, type Schema, schemaOf } from "./schemas.ts";

const ROOM = "lobby";
const JSON_TYPE = "application/json";

const ref = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });
const content = (schema: Schema, example?: unknown) => ({
  [JSON_TYPE]: { schema, ...(example !== undefined && { example }) },
});

/** What statuses say (H3). */
const MEANINGS: Readonly<Record<number, string>> = {
  400: "Something is wrong in the request",
  401: "No credentials, or wrong ones",
  403: "Not allowed",
  404: "Not there",
  409: "There already, or an id that is not there yet",
  413: "Too long",
  415: "The body is not JSON by its Content-Type",
  422: "A message that is not as its schema says",
  429: "Too many requests; Retry-After says when to come again",
  500: "An error of the server",
  502: "What the server asks did not answer rightly",
  503: "Not available, or the outcome is unknown; Retry-After says when to come again",
  504: "Not answered in time",
  507: "The storage is full",
};

/** Of no code, but of any request. */
const OTHERS = [415, 500];

/** The errors that any request may be answered with. */
const errors = Object.fromEntries(
  [...Object.values(statuses), ...OTHERS].map((status) => [
    status,
    { description: MEANINGS[status], content: content(ref("Error")) },
  ]),
);

const room = { name: "id", in: "path", required: true, schema: { type: "string" }, example: ROOM };
const message = { name: "msg_id", in: "path", required: true, schema: { type: "integer" }, example: 1 };
const epoch = { name: "epoch", in: "query", schema: { type: "string" } };
const flag = (name: string) => ({ name, in: "query", schema: { type: "boolean" } });
const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  schema: { type: "string" },
  example: "order-1",
};
const linked = { Link: { description: "Other pages (RFC 8288)", schema: { type: "string" } } };

/** Fields of a command as parameters of a query. */
function query(name: keyof typeof commands, examples: Readonly<Record<string, unknown>> = {}): object[] {
  const { properties = {} } = schemaOf(commands[name].data);
  return Object.entries(properties)
    .filter(([field]) => field !== "room_id")
    .map(([field, schema]) => ({
      name: field,
      in: "query",
      // An object stands there as JSON.
      ...(schema.type === "object" ? { content: content(schema) } : { schema }),
      ...(field in examples && { example: examples[field] }),
    }));
}

const text = (name: string) => ({ name, in: "query", schema: { type: "string" } });

/** What M25 takes. */
const exportParameters = [
  { name: "format", in: "query", schema: { type: "string", enum: FORMATS, default: "jsonl" } },
  ...["from", "to", "epoch", "where", "recording_start", "text_field", "time_zone"].map(text),
  ...["versions", "non_text"].map(flag),
];

function answer(description: string, schema: Schema, more: object = {}) {
  return { description, content: content(schema), ...more };
}

const result = (name: keyof typeof commands) => schemaOf(commands[name].result);

function paths() {
  const requests = requestSchemas();
  const create = { class: "media", subclass: "room", cmd: "create", data: { class: "chat", room_id: ROOM } };
  return {
    "/v1/command": {
      post: {
        operationId: "command",
        summary: "Any command, answered as in a frame (H3)",
        requestBody: {
          required: true,
          content: content({ oneOf: requests.map(([name]) => ref(schemaName(name))) }, create),
        },
        responses: { 200: answer("The answer", ref("Answer")), ...errors },
      },
    },
    "/v1/rooms": {
      get: {
        operationId: "listRooms",
        summary: "The rooms, page by page (H4)",
        parameters: query("media/room/get_list", { limit: 10 }),
        responses: { 200: answer("A page", result("media/room/get_list"), { headers: linked }), ...errors },
      },
    },
    "/v1/rooms/{id}": {
      parameters: [room],
      get: {
        operationId: "showRoom",
        summary: "A room (H4)",
        responses: { 200: answer("The room", result("media/room/get_info")), ...errors },
      },
    },
    "/v1/rooms/{id}/messages": {
      parameters: [room],
      post: {
        operationId: "sendMessage",
        summary: "Stores a message (H6)",
        parameters: [idempotencyKey, epoch, { name: "ref", in: "query", schema: { type: "integer" } }],
        requestBody: { required: true, content: content({ type: "object" }, { text: "hello" }) },
        responses: {
          200: answer("It was stored before", result("media/room/msglog_send")),
          201: answer("Stored", result("media/room/msglog_send"), {
            headers: { Location: { description: "Where it is", schema: { type: "string" } } },
          }),
          ...errors,
        },
      },
      get: {
        operationId: "listMessages",
        summary: "A page of the log (H5)",
        parameters: query("media/room/msglog_get", { limit: 10, after: 0 }),
        responses: { 200: answer("A page", result("media/room/msglog_get"), { headers: linked }), ...errors },
      },
    },
    "/v1/rooms/{id}/messages/{msg_id}": {
      parameters: [room, message],
      get: {
        operationId: "showMessage",
        summary: "A message as it is now (H13)",
        parameters: [epoch, ...["versions", "refs", "digest"].map(flag)],
        responses: { 200: answer("The message", { type: "object" }), ...errors },
      },
      put: {
        operationId: "editMessage",
        summary: "Gives a message another body (H13)",
        parameters: [idempotencyKey, epoch],
        requestBody: { required: true, content: content({ type: "object" }, { text: "hello" }) },
        responses: { 200: answer("The edit is stored", result("media/room/msglog_edit")), ...errors },
      },
      delete: {
        operationId: "deleteMessage",
        summary: "Takes a message away (H13)",
        parameters: [idempotencyKey, epoch, { name: "reason", in: "query", schema: { type: "string" } }],
        responses: { 200: answer("The deletion is stored", result("media/room/msglog_delete")), ...errors },
      },
    },
    "/v1/rooms/{id}/export": {
      parameters: [room],
      get: {
        operationId: "exportLog",
        summary: "The log as a transcript (H12)",
        parameters: exportParameters,
        responses: {
          200: {
            description: "The transcript",
            content: Object.fromEntries(
              FORMATS.map((format) => [
                formats[format].type.replace(/;.*/, ""),
                { schema: { type: "string" } },
              ]),
            ),
          },
          ...errors,
        },
      },
    },
    "/v1/rooms/{id}/events": {
      parameters: [room],
      get: {
        operationId: "streamEvents",
        summary: "Messages and events as they come (H7)",
        parameters: [
          { name: "Last-Event-ID", in: "header", schema: { type: "string" }, example: "0" },
          { name: "Last-Event-ID", in: "query", schema: { type: "string" } },
          ...query("media/room/msglog_subscribe"),
        ],
        responses: {
          200: {
            description: "Server-sent events",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          ...errors,
        },
      },
    },
  };
}

function schemaName(command: string): string {
  return command.replaceAll("/", ".");
}

/** The interface of this version of the server as OpenAPI 3.1 (H11), for a listener whose path is `base`. */
export function openApi(version: string, base = "") {
  const requests = requestSchemas().map(([name, schema]) => [schemaName(name), schema]);
  const answered = {
    type: "object",
    properties: { result: { const: "ok" }, data: {}, tid: {} },
    required: ["result"],
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Roomlog",
      version,
      description:
        "Rooms with a durable, ordered message log. The rules that are named stand in docs/PROTOCOL.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: base === "" ? "/" : base }],
    // None in open mode.
    security: [{ bearer: [] }, { basic: [] }, {}],
    paths: paths(),
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic" },
      },
      schemas: { ...Object.fromEntries(requests), Answer: answered, Error: errorSchema },
    },
  };
}
