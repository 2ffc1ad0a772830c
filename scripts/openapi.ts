import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApi } from "../packages/server/src/http/openapi.ts";
import { version } from "../packages/server/src/version.ts";
import { asyncApi } from "./asyncapi.ts";

/** A document as it is written to docs/. */
export function asText(document: object): string {
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../docs/openapi.json", import.meta.url), asText(openApi(version)));
  writeFileSync(new URL("../docs/asyncapi.json", import.meta.url), asText(asyncApi()));
}
