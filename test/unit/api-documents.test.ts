import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { commands } from "@roomlog/protocol/commands";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import * as z from "zod";
import { statuses } from "../../packages/server/src/http/answers.ts";
import { openApi } from "../../packages/server/src/http/openapi.ts";
import { version } from "../../packages/server/src/version.ts";
import { asyncApi } from "../../scripts/asyncapi.ts";
import { asText } from "../../scripts/openapi.ts";
import { httpServer } from "../support/http.ts";

const written = (file: string) => readFileSync(new URL(`../../docs/${file}`, import.meta.url), "utf8");

test("[H11] docs/openapi.json and docs/asyncapi.json are what the command table says (npm run docs)", () => {
  expect(written("openapi.json")).toBe(asText(openApi(version)));
  expect(written("asyncapi.json")).toBe(asText(asyncApi()));
});

test("[H11] the OpenAPI document is valid 3.1", async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(openApi(version)))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const broken = { ...structuredClone(openApi(version)), paths: { x: {} } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

// The parser takes seconds for a document of this size, more on a busy machine.
test("[H11] the AsyncAPI document is valid 3.0", { timeout: 120_000 }, async () => {
  const faults = async (document: object) =>
    (await new Parser().validate(JSON.stringify(document))).filter(({ severity }) => severity === 0);
  expect(await faults(asyncApi())).toEqual([]);
  expect(await faults({ ...asyncApi(), channels: {}, operations: { x: { action: "shout" } } })).not.toEqual(
    [],
  );
});

test("[H11] both name every command of the table", () => {
  const names = Object.keys(commands).map((name) => name.replaceAll("/", "."));
  const { schemas } = openApi(version).components;
  expect(Object.keys(schemas).sort()).toEqual([...names, "Answer", "Error"].sort());
  const { messages } = asyncApi().channels.socket;
  for (const name of names)
    expect(Object.keys(messages)).toEqual(expect.arrayContaining([name, `${name}.ok`]));
  expect(Object.keys(asyncApi().operations)).toEqual([...names, "event", "ping"]);
});

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly example?: unknown;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly example: unknown }> };
  readonly responses: Record<
    string,
    { readonly description?: string; readonly content: Record<string, { readonly schema: object }> }
  >;
}

/** The first request of each path and method, in the order of the document. */
function examples() {
  return Object.entries(openApi(version).paths).flatMap(
    ([path, { parameters = [], ...methods }]: [string, object & { parameters?: object[] }]) =>
      Object.entries(methods as Record<string, Operation>).map(([method, operation]) => {
        const all = [...(parameters as Parameter[]), ...(operation.parameters ?? [])];
        const given = (place: string) =>
          all
            .filter((one) => one.in === place && one.example !== undefined)
            .map(({ name, example }) => [name, String(example)]);
        const filled = given("path").reduce(
          (text, [name, value]) => text.replace(`{${name}}`, value as string),
          path,
        );
        const search =
          given("query").length > 0 ? `?${new URLSearchParams(given("query") as [string, string][])}` : "";
        const body = operation.requestBody?.content["application/json"]?.example;
        return {
          method,
          url: `${filled}${search}`,
          headers: Object.fromEntries(given("header")),
          body,
          operation,
        };
      }),
  );
}

test("[H11] the examples of the document work against a server, and the answers are as it says", async () => {
  const { base } = await httpServer({ store: { kind: "memory" } });
  for (const { method, url, headers, body, operation } of examples()) {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const init = {
      method: method.toUpperCase(),
      headers: { ...headers, ...json },
      signal: AbortSignal.timeout(5000),
    };
    const response = await fetch(`${base}${url}`, {
      ...init,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.status, url).toBeLessThan(300);
    const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
    const described = operation.responses[response.status]?.content[type];
    expect(described, `${method} ${url}`).toBeDefined();
    if (type !== "application/json") {
      await response.body?.cancel();
      continue;
    }
    const { schema } = described as { schema: { $ref?: string } };
    const found = schema.$ref
      ? openApi(version).components.schemas[schema.$ref.split("/").at(-1) as "Answer"]
      : schema;
    z.fromJSONSchema(found as never).parse(await response.json());
  }
  expect(examples()).toHaveLength(10);
});

test("[H11] every error that a request may be answered with stands there, and says what it is", async () => {
  const { base, command } = await httpServer({ store: { kind: "memory" } });
  const asForm = await fetch(`${base}/v1/command`, { method: "POST", body: "a=1" });
  const unknown = await command("no/such/command");
  const answered = [...Object.values(statuses), 500, asForm.status, unknown.status].map(String);
  for (const { operation } of examples()) {
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(answered));
    for (const { description } of Object.values(operation.responses)) expect(description).toBeTruthy();
  }
});

test("[H11] a server gives the document with its own path, to everybody who may come in", async () => {
  const { get } = await httpServer({ store: { kind: "memory" } });
  expect((await get("/v1/openapi.json")).body).toEqual(JSON.parse(written("openapi.json")));
});

test("[H11] the document is made once: asked for often, it costs no more than a file of the page", async () => {
  const { get } = await httpServer({ store: { kind: "memory" } });
  const cost = async (path: string) => {
    await get(path);
    const before = process.cpuUsage();
    for (let n = 0; n < 60; n++) await get(path);
    const { user } = process.cpuUsage(before);
    return user;
  };
  expect(await cost("/v1/openapi.json")).toBeLessThan(4 * (await cost("/page.js")));
});
