import { numpy as np } from "@jax-js/jax";
import { permutations } from "@softdraw/testing/numbers";
import * as fc from "fast-check";
import { assignment } from "softdraw";
import { describe, expect, test } from "vitest";

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

const maximize = async (weights: number[][] | number[][][]) => (await assignment.maximize(np.array(weights))).jsAsync();

/**
 * The largest sum of weights, by trying every way to give columns to rows, or rows to columns if there are more rows.
 */
function largestSum(weights: number[][]): number {
  const [m, n] = [weights.length, weights[0]!.length];
  if (m > n) return largestSum(weights[0]!.map((_, j) => weights.map((row) => row[j]!)));
  return Math.max(...permutations(n).map((columns) => weights.reduce((sum, row, i) => sum + row[columns[i]!]!, 0)));
}

const matrices = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([m, n]) => {
  // Few values, so that many sums are equal; about one in five pairs is forbidden.
  const weight = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 1, arbitrary: fc.constant(NEGATIVE_INFINITY) },
  );
  return fc.array(fc.array(weight, { minLength: n, maxLength: n }), { minLength: m, maxLength: m });
});

describe("maximize", () => {
  test("has its golden values: costs 5 and, of a rectangle, 3", async () => {
    const costs = [
      [4, 1, 3],
      [2, 0, 5],
      [3, 2, 2],
    ];
    const weights = costs.map((row) => row.map((cost) => -cost));
    expect(await maximize(weights)).toEqual([1, 0, 2]);
    expect(await maximize(weights.slice(0, 2))).toEqual([1, 0]);
    expect(await maximize(weights.map((row) => row.slice(0, 1)))).toEqual([-1, 0, -1]);
  });

  test("has the largest sum of all assignments, with ties, forbidden pairs and any shape", async () => {
    await fc.assert(
      fc.asyncProperty(matrices, async (weights) => {
        const largest = largestSum(weights);
        if (largest === NEGATIVE_INFINITY) {
          await expect(maximize(weights)).rejects.toThrow("forbidden pairs");
          return;
        }
        const columns = (await maximize(weights)) as number[];
        const taken = columns.filter((column) => column >= 0);
        expect(new Set(taken).size).toBe(Math.min(weights.length, weights[0]!.length));
        expect(taken).toHaveLength(Math.min(weights.length, weights[0]!.length));
        const sum = weights.reduce((total, row, i) => total + (columns[i]! < 0 ? 0 : row[columns[i]!]!), 0);
        expect(sum).toBe(largest);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("has the largest sum of real weights, however near the next", async () => {
    const weight = fc.double({ min: -1, max: 1, noNaN: true }).map(Math.fround);
    const square = fc.array(fc.array(weight, { minLength: 5, maxLength: 5 }), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(square, async (weights) => {
        const columns = (await maximize(weights)) as number[];
        const sum = weights.reduce((total, row, i) => total + row[columns[i]!]!, 0);
        expect(sum).toBeCloseTo(largestSum(weights), 12);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  test.each([
    { m: 150, n: 150 },
    { m: 100, n: 150 },
    { m: 150, n: 100 },
  ])("finds the assignment that $m rows and $n columns were made around", async ({ m, n }) => {
    // At prices of the columns and profits of the rows, chosen pairs lose nothing and all others lose at least 1.
    const size = Math.max(m, n);
    const chosen = Array.from({ length: size }, (_, i) => (i * 67 + 11) % size);
    const profit = (i: number) => (i * i) % 97;
    const price = (j: number) => (m === n ? (j * j) % 89 : 0);
    const loss = (i: number, j: number) => (chosen[i] === j ? 0 : 1 + ((i * 31 + j * 17) % 5));
    const weight = (i: number, j: number) => (m > n ? price(i) - loss(j, i) : profit(i) + price(j) - loss(i, j));
    const weights = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => weight(i, j)));
    const rowsByColumn = Array.from({ length: m }, (_, i) => chosen.slice(0, n).indexOf(i));
    expect(await maximize(weights)).toEqual(m > n ? rowsByColumn : chosen.slice(0, m));
  });

  test("solves a batch of any rank", async () => {
    const [a, b] = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ] as const;
    const weights = np.array([[a, b, a]] as unknown as number[][][][]);
    expect(await (await assignment.maximize(weights)).jsAsync()).toEqual([
      [
        [0, 1],
        [1, 0],
        [0, 1],
      ],
    ]);
  });

  test("decides between equals the same way each time", async () => {
    const equal = Array.from({ length: 7 }, () => Array.from({ length: 7 }, () => 0.5));
    expect(await maximize(equal)).toEqual(await maximize(equal));
  });

  test("ends on costs i * j, the longest search", async () => {
    const n = 60;
    const weights = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => -i * j));
    expect(await maximize(weights)).toEqual(Array.from({ length: n }, (_, i) => n - 1 - i));
  });

  test("takes weights of any size", async () => {
    for (const scale of [1e-30, 1e30]) {
      const weights = [
        [scale, NEGATIVE_INFINITY],
        [2 * scale, scale],
      ];
      expect(await maximize(weights)).toEqual([0, 1]);
    }
  });

  test.each([Number.NaN, POSITIVE_INFINITY])("refuses a weight of %f, with its place", async (weight) => {
    const good = [
      [0, 1],
      [1, 0],
    ];
    const bad = [
      [0, 1],
      [1, weight],
    ];
    await expect(maximize([good, bad])).rejects.toThrow(
      `assignment.maximize: weights[1], row 1, must have weights that are numbers or -Infinity, got ${weight} in column 1.`,
    );
  });

  test("refuses a matrix without an allowed assignment, with its place", async () => {
    const impossible = [
      [0, NEGATIVE_INFINITY, NEGATIVE_INFINITY],
      [0, NEGATIVE_INFINITY, NEGATIVE_INFINITY],
      [0, 0, 0],
    ];
    await expect(maximize(impossible)).rejects.toThrow(
      /^assignment\.maximize: weights, row [01], cannot have a column of its own: no assignment avoids the forbidden pairs\.$/,
    );
    await expect(maximize([[NEGATIVE_INFINITY]])).rejects.toThrow("weights, row 0, cannot");
    const tall = [
      [0, NEGATIVE_INFINITY],
      [0, NEGATIVE_INFINITY],
      [0, NEGATIVE_INFINITY],
    ];
    await expect(maximize(tall)).rejects.toThrow(
      "weights, column 1, cannot have a row of its own: no assignment avoids the forbidden pairs.",
    );
  });

  test("refuses what is no matrix of weights", () => {
    const message = "assignment.maximize: weights must have shape [..., m, n] with m and n at least 1, got";
    expect(() => assignment.maximize(np.zeros([3]))).toThrow(`${message} float32[3].`);
    expect(() => assignment.maximize(np.zeros([3, 0]))).toThrow(`${message} float32[3,0].`);
    expect(() => assignment.maximize(np.zeros([2, 2], { dtype: np.int32 }))).toThrow("floating point");
  });
});
