import { common } from "./vitest.config.ts";

// Tests of minutes, run by hand: of statistics when the noise changes, of damaged inputs when a reader does, of kills when what a
// run writes does. npx vitest run --config vitest.slow.config.ts
export default {
  ...common,
  test: { ...common.test, include: ["packages/*/test/slow/**/*.slow.ts", "test/slow/**/*.slow.ts"] },
};
