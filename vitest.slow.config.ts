import config from "./vitest.config.ts";

// Statistical tests of minutes, run by hand when the noise changes: npx vitest run --config vitest.slow.config.ts
export default { ...config, test: { ...config.test, include: ["packages/*/test/slow/**/*.slow.ts"] } };
