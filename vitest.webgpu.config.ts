import { common, onWebgpu } from "./vitest.config.ts";

/**
 * The library's tests that compute, and that trainings leave nothing behind: on WebGPU. Of the library's others the device is no
 * matter, or it is their subject.
 */
const LIBRARY = [
  "accuracy",
  "assignment",
  "beam-search",
  "bernoulli",
  "categorical",
  "chain",
  "checks",
  "conditional-bernoulli",
  "estimators",
  "gibbs",
  "laws",
  "noise",
  "numerics",
  "options",
  "ownership",
  "permutation",
  "ranking",
  "subset",
  "transport",
  "trees",
];

export default {
  ...common,
  test: {
    ...common.test,
    ...onWebgpu,
    env: { ...onWebgpu.env, SOFTDRAW_LAWS: "all" },
    include: [
      ...LIBRARY.map((name) => `packages/softdraw/test/${name}.test.ts`),
      "packages/experiments/test/memory.test.ts",
    ],
    testTimeout: 300_000,
  },
};
