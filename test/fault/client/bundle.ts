import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { clientBuild } from "../../../scripts/bundle/client.ts";
import { type Patch, patched } from "../frame/twins.ts";

/** Builds the client as its users get it, with these changes of its sources. */
export async function bundleClient(outfile: string, patches: readonly Patch[]): Promise<void> {
  await build({
    ...clientBuild,
    outfile,
    sourcemap: false,
    plugins: [
      {
        name: "twin",
        setup: ({ onLoad }) =>
          onLoad({ filter: /packages\/client\/src\/[^/]+\.ts$/ }, ({ path }) => ({
            loader: "ts",
            contents: patches
              .filter(({ file }) => file === basename(path))
              .reduce(patched, readFileSync(path, "utf8")),
          })),
      },
    ],
  });
}
