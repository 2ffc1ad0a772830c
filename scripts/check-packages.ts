/**
 * Whether the packages can be published as they are: exports and types resolve (`publint`, `attw`), licence and README are
 * in each of them.
 *
 *   npm run check:packages
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REQUIRED = ["LICENSE", "README.md", "package.json"];

/** What is wrong with a package, one sentence each. */
async function faultsOf(name: string): Promise<string[]> {
  const directory = `${ROOT}packages/${name}`;
  const { messages, pkg } = await publint({ pkgDir: directory, pack: "npm", level: "warning", strict: true });
  const found = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  return [...found, ...missingFiles(directory), ...typesFault(directory)];
}

function missingFiles(directory: string): string[] {
  const listed = execFileSync("npm", ["pack", "--dry-run", "--json", "--silent"], {
    cwd: directory,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(listed) as [{ files: { path: string }[] }];
  const paths = new Set(files.map(({ path }) => path));
  return REQUIRED.filter((path) => !paths.has(path)).map((path) => `${path} is missing in the package`);
}

/** The packages are ESM only. */
function typesFault(directory: string): string[] {
  try {
    execFileSync("attw", ["--pack", "--profile", "esm-only", "--format", "ascii", directory], {
      encoding: "utf8",
      stdio: "pipe",
    });
    return [];
  } catch (error) {
    return [(error as { stdout: string }).stdout];
  }
}

for (const name of ["protocol", "client", "server"]) {
  const faults = await faultsOf(name);
  console.log(`packages/${name}: ${faults.length === 0 ? "fine" : faults.join("\n  ")}`);
  if (faults.length > 0) process.exitCode = 1;
}
