import { common, onWebgpu } from "./vitest.config.ts";

/** The library's tests that compute: on WebGPU. Of the others the device is no matter, or it is their subject. */
const FILES = [
  "accuracy",
  "assignment",
  "bernoulli",
  "categorical",
  "checks",
  "estimators",
  "laws",
  "noise",
  "numerics",
  "options",
  "ownership",
  "permutation",
  "subset",
];

export default {
  ...common,
  test: {
    ...common.test,
    ...onWebgpu,
    include: FILES.map((name) => `packages/softdraw/test/${name}.test.ts`),
    testTimeout: 300_000,
  },
};
