import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests run on the sources: the published entry point would need a build first.
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { softdraw: source("./packages/softdraw/src/index.ts") } },
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than two cores: many a test waits for a browser, a server or a disk.
    maxWorkers: 3,
  },
});
