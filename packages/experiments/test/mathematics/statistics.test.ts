import { describe, expect, test } from "vitest";
import { kendallTau, medianRank } from "../../src/mathematics/statistics.ts";

describe("kendallTau", () => {
  // By kendalltau of SciPy.
  test.each([
    [[0, 1, 2, 3], [0, 1, 3, 2], 0.6666666666666669],
    [[1, 2, 2, 3, 4], [1, 3, 2, 2, 5], 0.6666666666666666],
    [[3, 1, 2, 0], [0, 1, 2, 3], -0.6666666666666669],
    [[1, 1, 2, 2, 3, 3], [1, 2, 1, 3, 3, 2], 0.41666666666666674],
  ])("of %j and %j is SciPy's", (x, y, expected) => {
    expect(kendallTau(x, y)).toBeCloseTo(expected, 14);
    expect(kendallTau(y, x)).toBeCloseTo(expected, 14);
  });

  test("goes from -1 for the opposite order to 1 for the same", () => {
    const order = Uint32Array.of(3, 0, 4, 1, 2);
    expect(kendallTau(order, order)).toBe(1);
    expect(
      kendallTau(
        order,
        order.map((x) => 9 - x),
      ),
    ).toBe(-1);
  });

  test("depends on the order alone", () => {
    expect(kendallTau([1, 5, 3], [10, 0, 2])).toBe(kendallTau([0.1, 100, 3], [-1, -8, -7]));
  });

  test("is no number where nothing is ordered", () => {
    expect(kendallTau([1, 1, 1], [1, 2, 3])).toBeNaN();
  });
});

describe("the median rank", () => {
  const ties = [0.1, 0.2, 0.3, 0.4];

  test("is the middle one of the items' ranks, or half way between the two middle ones", () => {
    expect(medianRank([5, 9, 1, 7], [1], ties)).toBe(1);
    expect(medianRank([5, 9, 1, 7], [0, 1, 2], ties)).toBe(3);
    expect(medianRank([5, 9, 1, 7], [1, 2], ties)).toBe(2.5);
    expect(medianRank([5, 9, 1, 7], [0, 1, 2, 3], ties)).toBe(2.5);
  });

  test("of equal scores, the one with the larger tie comes first", () => {
    expect(medianRank([1, 1, 1, 1], [3], ties)).toBe(1);
    expect(medianRank([1, 1, 1, 1], [0], ties)).toBe(4);
    expect(medianRank([1, 1, 2, 1], [0], ties)).toBe(4);
  });
});
