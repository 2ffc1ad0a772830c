/**
 * The layers of ARCHITECTURE.md: imports go down only. `test/unit/layers.test.ts` checks them, and that they
 * would find a violation.
 */
const server = (path: string) => `^packages/server/src/${path}`;

/** `from` may import nothing of the project but itself and `to`. */
const only = (name: string, from: string, to: string[]) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: "^packages/", pathNot: [from, ...to] },
});

const protocol = "^packages/protocol/src/";
const outgoing = server("outgoing/");
/** What a text's words are, and which of them a search asks for. */
const search = server("search/");
const contract = server("(store/store|auth/auth|transport/transport)\\.ts$");

export default {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    only("protocol-is-the-ground", protocol, []),
    only("client-sees-protocol", "^packages/client/src/", [protocol]),
    only("search-sees-nothing", search, []),
    only("contracts-see-protocol", contract, [protocol]),
    only("stores-see-their-contract", server("store/"), [protocol, search]),
    only("outgoing-sees-nothing", outgoing, []),
    only("authenticators-see-their-contract", server("auth/"), [protocol, outgoing]),
    only("transports-see-their-contract", server("transport/"), [protocol]),
    only("core-sees-contracts", server("core/"), [
      protocol,
      contract,
      outgoing,
      search,
      server("store/managed\\.ts$"),
    ]),
    only("plugins-see-the-door", server("services/"), [protocol, server("core/plugin\\.ts$")]),
    only("config-is-below-the-edges", server("config/"), [
      protocol,
      server("(core|services|store|auth|transport)/"),
    ]),
    only("transcripts-see-protocol", server("transcript/"), [protocol, server("core/json-text\\.ts$")]),
    only("http-sees-core-and-contracts", server("http/"), [
      protocol,
      contract,
      server("(core/|transcript/|(health|page-folder)\\.ts$)"),
    ]),
    {
      name: "nobody-below-imports-http-or-transcripts",
      severity: "error",
      from: { path: server("(core|services|store|auth|transport|config)/") },
      to: { path: server("(http|transcript)/") },
    },
    only("metrics-see-what-they-count", server("metrics/"), [
      protocol,
      server("(core/|store/(managed|free-space)\\.ts$|health\\.ts$)"),
    ]),
    {
      name: "nobody-imports-the-edges",
      severity: "error",
      from: { path: server("(?!cli/|testing/)") },
      to: { path: server("(cli|testing)/") },
    },
    {
      name: "client-only-in-the-command-line",
      severity: "error",
      from: { path: server("(?!cli/|testing/)") },
      to: { path: "^packages/client/" },
    },
    {
      name: "socket-library-only-in-transport",
      severity: "error",
      from: { path: "^packages/", pathNot: server("transport/") },
      to: { path: "node_modules/(ws|@types/ws)/" },
    },
    {
      name: "database-only-in-its-driver",
      severity: "error",
      from: { path: "^packages/", pathNot: server("store/sqlite/") },
      to: { path: "node_modules/(better-sqlite3|@types/better-sqlite3)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "types", "default"],
    },
  },
};
