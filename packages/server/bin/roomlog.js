#!/usr/bin/env node
import "./check-node.js";
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(main)) {
  console.error('This checkout is not built yet: run "npm start", or "npm run build" once.');
  process.exit(1);
}
await import(main.href);
