import { common } from "./vitest.config.ts";

/**
 * The library's tests that are worth running with another version of Node too: what depends on its arithmetic, what a verb refuses,
 * the laws of every structure, and the packages as npm installs them. To be run by that version: see `npm run unit:newest`.
 */
const FILES = ["accuracy", "checks", "laws", "noise", "numerics", "reservoir"];

export default {
  ...common,
  test: {
    ...common.test,
    include: [
      ...FILES.map((name) => `packages/softdraw/test/${name}.test.ts`),
      "test/engine-limits.test.ts",
      "test/library-package.test.ts",
      "test/installed.test.ts",
    ],
    env: { SOFTDRAW_LAWS: "short", SOFTDRAW_INSTALL: "registry" },
    // Whether the compiler takes the package does not depend on who runs the compiler.
    testNamePattern: /^(?!.*TypeScript)/,
  },
};
