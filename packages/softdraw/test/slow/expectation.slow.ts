/** The laws of every estimator, of every cost, over 260,000 estimates each: minutes. */

process.env.SOFTDRAW_ESTIMATES = String(2 ** 18);
await import("../expectation.test.ts");
