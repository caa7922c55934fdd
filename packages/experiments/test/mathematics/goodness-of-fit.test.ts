import { describe, expect, test } from "vitest";
import {
  chiSquareTest,
  chiSquareUpperTail,
  totalVariation,
  upperGamma,
} from "../../src/mathematics/goodness-of-fit.ts";

const close = (value: number, expected: number) => expect(Math.abs(value / expected - 1)).toBeLessThan(1e-12);

describe("upperGamma", () => {
  test.each([1e-3, 0.5, 1, 1.99, 2.01, 5, 30, 700])("of 1, 2 and 3 is a polynomial times exp(-x): x = %d", (x) => {
    close(upperGamma(1, x), Math.exp(-x));
    close(upperGamma(2, x), (1 + x) * Math.exp(-x));
    close(upperGamma(3, x), (1 + x + x ** 2 / 2) * Math.exp(-x));
  });

  // erfc as Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, table 7.1 and beyond have it.
  test.each([
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [3, 2.2090496998585441e-5],
    [5, 1.5374597944280349e-12],
  ])("of a half is the complementary error function: %d", (x, erfc) => {
    close(upperGamma(0.5, x * x), erfc);
  });

  test.each([0.7, 3.5, 20, 250])("keeps the recurrence Q(a + 1, x) = Q(a, x) + x^a exp(-x) / Γ(a + 1): a = %d", (a) => {
    // Γ(a + 1) cancels between two steps: (Q(a + 2) - Q(a + 1)) / (Q(a + 1) - Q(a)) = x / (a + 1).
    for (const x of [0.9 * a, a, a + 1, 1.1 * a]) {
      const [first, second, third] = [0, 1, 2].map((i) => upperGamma(a + i, x)) as [number, number, number];
      expect((third - second) / (second - first)).toBeCloseTo(x / (a + 1), 8);
    }
  });

  test("goes from 1 to 0", () => {
    expect(upperGamma(4, 0)).toBe(1);
    expect(upperGamma(4, Number.POSITIVE_INFINITY)).toBe(0);
    expect(upperGamma(4, 1e4)).toBe(0);
  });
});

// The usual tables of the chi-square law.
test.each([
  [1, 3.841459, 0.05],
  [1, 10.827566, 0.001],
  [5, 11.070498, 0.05],
  [10, 2.55821, 0.99],
  [30, 50.892181, 0.01],
  [100, 124.342113, 0.05],
])("chi-square with %d degrees of freedom is at least %d with probability %d", (degrees, statistic, tail) => {
  expect(chiSquareUpperTail(statistic, degrees)).toBeCloseTo(tail, 6);
});

describe("chiSquareTest", () => {
  test("of counts that were worked out by hand", () => {
    // (8 - 10)^2 / 10 + (9 - 10)^2 / 10 + (13 - 10)^2 / 10
    const { statistic, degreesOfFreedom, pValue } = chiSquareTest([8, 9, 13], [1 / 3, 1 / 3, 1 / 3]);
    expect(statistic).toBeCloseTo(1.4, 12);
    expect(degreesOfFreedom).toBe(2);
    expect(pValue).toBeCloseTo(Math.exp(-0.7), 12);
  });

  test("counts what expects fewer than five draws together", () => {
    // Expected: 90, 4, 3, 3; the last three make one cell of 10, in which there were 20.
    const { statistic, degreesOfFreedom } = chiSquareTest([80, 20, 0, 0], [0.9, 0.04, 0.03, 0.03]);
    expect(degreesOfFreedom).toBe(1);
    expect(statistic).toBeCloseTo(100 / 90 + 100 / 10, 12);
  });

  test("adds the least of the others to what still expects fewer", () => {
    // Expected: 60, 38, 2; the last two make one cell.
    expect(chiSquareTest([60, 38, 2], [0.6, 0.38, 0.02])).toEqual({ statistic: 0, degreesOfFreedom: 1, pValue: 1 });
  });

  test("says that there is nothing to compare when everything is one cell", () => {
    expect(chiSquareTest([2, 1], [0.5, 0.5])).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
    expect(chiSquareTest([100], [1])).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
  });

  test("finds what is impossible", () => {
    expect(chiSquareTest([0, 1000], [0.99, 0.01]).pValue).toBeLessThan(1e-100);
  });
});

test("total variation goes from equal to disjoint laws", () => {
  expect(totalVariation([0.5, 0.5], [0.5, 0.5])).toBe(0);
  expect(totalVariation([0.5, 0.5, 0], [0.25, 0.5, 0.25])).toBe(0.25);
  expect(totalVariation([1, 0], [0, 1])).toBe(1);
});
