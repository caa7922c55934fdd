import { describe, expect, test } from "vitest";
import { meets } from "../src/benchmark.ts";
import { growthExponent, pairwiseRatios, summarize } from "../src/statistics.ts";

describe("summarize", () => {
  test("takes the middle sample, whatever the order, and leaves the samples as they are", () => {
    const samples = [5, 1, 100];
    expect(summarize(samples)).toEqual({ median: 5, min: 1, max: 100 });
    expect(samples).toEqual([5, 1, 100]);
  });

  test("takes the mean of the middle two", () => {
    expect(summarize([4, 1, 2, 10]).median).toBe(3);
  });

  test("has a median of one sample, and none of none", () => {
    expect(summarize([7])).toEqual({ median: 7, min: 7, max: 7 });
    expect(() => summarize([])).toThrow("at least one sample");
  });
});

describe("pairwiseRatios", () => {
  test("is free of what slowed a round as a whole", () => {
    const slowdown = [1, 3, 1.5, 10];
    const [a, b] = [slowdown.map((s) => 20 * s), slowdown.map((s) => 10 * s)];
    expect(pairwiseRatios(a, b)).toEqual([2, 2, 2, 2]);
  });

  test("refuses samples that are no pairs", () => {
    expect(() => pairwiseRatios([1, 2], [1])).toThrow("got 2 and 1");
  });
});

test("growthExponent is the slope between logarithms", () => {
  expect(growthExponent([1, 2, 4, 8], [3, 12, 48, 192])).toBeCloseTo(2);
  expect(growthExponent([1, 10, 100], [7, 7, 7])).toBeCloseTo(0);
});

test("a target is met at its bound", () => {
  expect([1.2, 1.21].map((value) => meets(value, { atMost: 1.2 }))).toEqual([true, false]);
  expect([4, 3.99].map((value) => meets(value, { atLeast: 4 }))).toEqual([true, false]);
});
