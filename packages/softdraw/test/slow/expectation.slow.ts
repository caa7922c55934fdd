/** The laws of every estimator, of every cost, over a million estimates each: an hour. */

process.env.SOFTDRAW_ESTIMATES = String(2 ** 20);
await import("../expectation.test.ts");
