import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Tests run on the sources: the published entry point would need a build first.
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Large files go first. This one is small and takes longest: it would end last, with the other workers idle. */
const LONGEST = "packages/bench/test/contestants.test.ts";

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

export default defineConfig({
  resolve: {
    alias: {
      softdraw: source("./packages/softdraw/src/index.ts"),
      "@softdraw/threads/webgpu": source("./packages/threads/src/webgpu.ts"),
      "@softdraw/threads": source("./packages/threads/src/index.ts"),
    },
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than two cores: many a test waits for a browser, a server or a disk.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
