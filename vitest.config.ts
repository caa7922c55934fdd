import { fileURLToPath } from "node:url";
import { defaultExclude, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "./packages/testing/src/webgpu.ts";

// Tests run on the sources: the published entry point would need a build first.
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Large files go first. These take longest for what they have: they would end last, with the other workers idle. */
const LONGEST = [
  "packages/studio/test/lab-pages.test.ts",
  "packages/studio/test/pages.test.ts",
  "test/documents.test.ts",
  "packages/lab/test/cli/sweep.test.ts",
  "packages/lab/test/cli/tour.test.ts",
  "packages/experiments/test/memory.test.ts",
  "test/site.test.ts",
];
const isLongest = ({ moduleId, project }: TestSpecification) =>
  LONGEST.some((path) => moduleId.endsWith(path)) || project.name === "webgpu";
const sharesProcess = ({ project }: TestSpecification) => project.config.isolate === false;

/** Those that share processes come last, one after the other: a process lives as long as the next file is to share it, too. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = (file: TestSpecification) => 2 * Number(sharesProcess(file)) + Number(!isLongest(file));
    return (await super.sort(files)).toSorted((a, b) => order(a) - order(b));
  }
}

/** What every suite has, whichever files it is of. */
export const common = {
  resolve: {
    alias: {
      softdraw: source("./packages/softdraw/src/index.ts"),
      "@softdraw/threads/webgpu": source("./packages/threads/src/webgpu.ts"),
      "@softdraw/threads": source("./packages/threads/src/index.ts"),
    },
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two more than two cores: many a test waits for a browser, a server or a disk.
    maxWorkers: 4,
    // Tracing makes many small objects that are soon garbage: with more room for them, a tenth less time.
    execArgv: ["--max-semi-space-size=64"],
    sequence: { sequencer: LongestFirst },
  },
};

const FAST_HASHING = source("./packages/testing/src/fast-hashing.ts");

/** What has tests compute on WebGPU: on the software adapter, if the environment names no other. */
export const onWebgpu = {
  env: { ...SOFTWARE_ADAPTER, ...chosenAdapter(), SOFTDRAW_DEVICE: "webgpu" },
  setupFiles: [source("./packages/testing/src/use-webgpu.ts"), FAST_HASHING],
};

function chosenAdapter() {
  const { VK_DRIVER_FILES } = process.env;
  return VK_DRIVER_FILES === undefined ? {} : { VK_DRIVER_FILES };
}

/** Of the experiments' tests, those that replace a module before anything imports it. */
const REPLACING = ["packages/experiments/test/nn/parts.test.ts"];
/** Tests that import the engine, most of whose time is that of tracing and compiling. */
const LIBRARY = "packages/softdraw/test/**/*.test.ts";
const EXPERIMENTS = "packages/experiments/test/**/*.test.ts";
const computing = { name: "tests", include: [LIBRARY, ...REPLACING], setupFiles: [FAST_HASHING] };
/** Many and small, so they share processes, and with these an engine that is loaded and warm: 0.4 s less for each file. */
const experiments = {
  name: "experiments",
  include: [EXPERIMENTS],
  exclude: [...defaultExclude, ...REPLACING],
  setupFiles: [FAST_HASHING],
  isolate: false,
};
/** Of programs, pages and packages, which import the engine when they want it. */
const others = {
  name: "others",
  include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
  exclude: [...defaultExclude, LIBRARY, EXPERIMENTS],
};
/** Of the library's tests those that find most in their time; `npm run unit:webgpu` has the others. */
const laws = {
  name: "webgpu",
  include: ["packages/softdraw/test/laws.test.ts"],
  ...onWebgpu,
  env: { ...onWebgpu.env, SOFTDRAW_LAWS: "short" },
};

export default defineConfig({
  ...common,
  test: {
    ...common.test,
    projects: [computing, experiments, others, ...(lacksWebgpu("The laws") ? [] : [laws])].map((test) => ({
      extends: true,
      test,
    })),
  },
});
