import { describe, expect, test } from "vitest";
import { countSubsets, inclusionProbabilities, subsetLaw } from "../../src/demos/subset-law.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The probability of every ordered draw, item by item, added up by set: the definition. */
function lawByOrders(weights: readonly number[], k: number): Map<string, number> {
  const law = new Map<string, number>();
  const draw = (drawn: number[], probability: number) => {
    if (drawn.length === k) {
      const key = drawn.toSorted((a, b) => a - b).join();
      law.set(key, (law.get(key) ?? 0) + probability);
      return;
    }
    const left = weights.map((_, item) => item).filter((item) => !drawn.includes(item));
    const weightLeft = sum(left.map((item) => weights[item]!));
    for (const item of left) draw([...drawn, item], (probability * weights[item]!) / weightLeft);
  };
  draw([], 1);
  return law;
}

describe("subsetLaw", () => {
  test("of the weights 1, 2, 3, 4 and size 2 is as worked out by hand", () => {
    // {3, 4}: 3/10 4/7 + 4/10 3/6, and so on.
    const expected = [
      [[2, 3], 12 / 70 + 12 / 60],
      [[1, 3], 8 / 80 + 8 / 60],
      [[1, 2], 6 / 80 + 6 / 70],
      [[0, 3], 4 / 90 + 4 / 60],
      [[0, 2], 3 / 90 + 3 / 70],
      [[0, 1], 2 / 90 + 2 / 80],
    ] as const;
    const law = subsetLaw([1, 2, 3, 4], 2);
    expect(law.map(({ subset }) => subset)).toEqual(expected.map(([subset]) => subset));
    law.forEach(({ probability }, i) => {
      expect(probability).toBeCloseTo(expected[i]![1], 14);
    });
  });

  test.each([1, 2, 3, 4, 5, 6])("of six weights and size %d adds up the ordered draws, and to 1", (k) => {
    const weights = [0.3, 7, 1, 1, 2.5, 1e-3];
    const law = subsetLaw(weights, k);
    const byOrders = lawByOrders(weights, k);
    expect(law).toHaveLength(byOrders.size);
    for (const { subset, probability } of law) expect(probability).toBeCloseTo(byOrders.get(subset.join())!, 14);
    expect(sum(law.map(({ probability }) => probability))).toBeCloseTo(1, 14);
  });

  test("of size 1 is in proportion to the weights, and equal ones are in order", () => {
    const law = subsetLaw([1, 2, 1], 1);
    expect(law).toEqual([
      { subset: [1], probability: 0.5 },
      { subset: [0], probability: 0.25 },
      { subset: [2], probability: 0.25 },
    ]);
  });

  test("depends on the ratios of the weights alone, however large or small they are", () => {
    const expected = subsetLaw([1, 2, 3], 2).map(({ probability }) => probability);
    for (const scale of [2 ** 1000, 2 ** -1000]) {
      const law = subsetLaw([scale, 2 * scale, 3 * scale], 2);
      expect(law.map(({ probability }) => probability)).toEqual(expected);
    }
    expect(sum(subsetLaw([1e308, 1e308, 1e-308], 2).map(({ probability }) => probability))).toBe(1);
    expect(subsetLaw([1e300, 1e-300, 1e-300], 2).map(({ probability }) => probability)).toEqual([0.5, 0.5, 0]);
  });
});

test("subsets of 1 to k of n are counted without making them", () => {
  expect(countSubsets(4, 2)).toBe(4 + 6);
  expect(countSubsets(10, 10)).toBe(2 ** 10 - 1);
  expect(countSubsets(30, 3)).toBe(30 + 435 + 4060);
  for (const k of [1, 3, 5])
    expect(subsetLaw([1, 2, 3, 4, 5], k)).toHaveLength(countSubsets(5, k) - countSubsets(5, k - 1));
});

test("inclusion probabilities sum to the size of the subsets", () => {
  const inclusion = inclusionProbabilities(subsetLaw([1, 2, 3, 4], 2), 4);
  expect(sum(inclusion)).toBeCloseTo(2, 14);
  expect(inclusion[0]).toBeCloseTo(4 / 90 + 4 / 60 + 3 / 90 + 3 / 70 + 2 / 90 + 2 / 80, 14);
  for (const probability of inclusionProbabilities(subsetLaw([1, 1, 1, 1], 3), 4))
    expect(probability).toBeCloseTo(0.75, 14);
});
