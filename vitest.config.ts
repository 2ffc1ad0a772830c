import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    execArgv: ["--conditions=source"],
    // Each SQLite store starts two threads; compiling their modules anew would be most of that.
    env: { NODE_COMPILE_CACHE: "node_modules/.cache/node" },
    // A test that hangs ends some time; how busy the machine is decides nothing.
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // Tests wait for disks, sockets and processes more than they work; by default two cores would have one worker.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
