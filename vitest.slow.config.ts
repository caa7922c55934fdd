import config from "./vitest.config.ts";

// Tests of minutes, run by hand when the noise or what a run writes changes: npx vitest run --config vitest.slow.config.ts
export default { ...config, test: { ...config.test, include: ["packages/*/test/slow/**/*.slow.ts"] } };
