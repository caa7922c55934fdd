import { describe, expect, test } from "vitest";
import {
  cloudMoments,
  covarianceOf,
  dot,
  mainDirections,
  meanDistanceBound,
  traceOf,
} from "../../src/mathematics/clouds.ts";

describe("cloudMoments", () => {
  test("sums up blocks: mean, second moments and covariance", () => {
    const cloud = cloudMoments(2);
    cloud.add([1, 2, 3, 6]);
    cloud.add([5, 1]);
    const moments = cloud.moments();
    expect(moments.count).toBe(3);
    expect(moments.mean).toEqual([3, 3]);
    expect([...moments.second]).toEqual([35 / 3, 25 / 3, 25 / 3, 41 / 3]);
    const covariance = covarianceOf(moments);
    [8 / 3, -2 / 3, -2 / 3, 14 / 3].forEach((entry, at) => {
      expect(covariance[at]).toBeCloseTo(entry, 12);
    });
    expect(traceOf(covariance)).toBeCloseTo(22 / 3, 12);
  });
});

describe("meanDistanceBound", () => {
  test("in one dimension it is no less than the normal law's own, and not twice that", () => {
    // P(|z| > 3.8906) = 1e-4 for a standard normal z.
    const bound = meanDistanceBound(Float64Array.of(4), 100, 1e-4);
    expect(bound).toBeGreaterThan((3.8906 * 2) / 10);
    expect(bound).toBeLessThan((2 * 3.8906 * 2) / 10);
  });

  test("in many equal dimensions it comes near to the root of the trace", () => {
    const n = 400;
    const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
    // A chi-square of 400 degrees of freedom is above 512 once in 10,000 times.
    const bound = meanDistanceBound(identity, 1, 1e-4);
    expect(bound).toBeGreaterThan(Math.sqrt(512));
    expect(bound).toBeLessThan(1.5 * Math.sqrt(512));
  });

  test("is 0 for what does not vary", () => {
    expect(meanDistanceBound(new Float64Array(9), 10, 1e-4)).toBe(0);
  });
});

describe("mainDirections", () => {
  /** With these eigenvalues along orthogonal directions. */
  const symmetric = (values: number[], directions: number[][]) => {
    const n = values.length;
    const entry = (i: number, j: number) =>
      values.reduce((sum, value, which) => sum + value * directions[which]![i]! * directions[which]![j]!, 0);
    return Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n));
  };
  const [a, b, c] = [
    [2 / 3, 2 / 3, 1 / 3],
    [-2 / 3, 1 / 3, 2 / 3],
    [1 / 3, -2 / 3, 2 / 3],
  ];

  test("finds the two largest, whatever their order", () => {
    const [first, second] = mainDirections(symmetric([1, 9, 4], [a!, b!, c!]));
    expect(Math.abs(dot(first, b!))).toBeCloseTo(1, 10);
    expect(Math.abs(dot(second, c!))).toBeCloseTo(1, 10);
  });

  test.each([
    ["along one direction alone", symmetric([5, 0, 0], [a!, b!, c!])],
    ["along none", new Float64Array(9)],
    ["alike along all", symmetric([2, 2, 2], [a!, b!, c!])],
  ])("are orthogonal and of length 1 for a matrix that is large %s", (_, matrix) => {
    const [first, second] = mainDirections(matrix);
    for (const direction of [first, second]) expect(Math.hypot(...direction)).toBeCloseTo(1, 12);
    expect(dot(first, second)).toBeCloseTo(0, 10);
  });

  test("of one dimension there is one", () => {
    const [first, second] = mainDirections(Float64Array.of(3));
    expect(Math.abs(first[0]!)).toBe(1);
    expect(second).toEqual([0]);
  });
});
