/** What is traced for a graphics card is right on every device: so it is computed here by WebAssembly. */

import { grad, jit, numpy as np, vmap } from "@jax-js/jax";
import { largestDifference, normals } from "@softdraw/testing/numbers";
import { describe, expect, test, vi } from "vitest";
import { categorical, subset } from "../src/index.ts";
import { dividedByRow, largestOfRow, sumOfRow } from "../src/rows.ts";

vi.mock("@jax-js/jax", async (original) => ({ ...(await original<object>()), defaultDevice: () => "webgpu" }));

const matrix = (values: ArrayLike<number>, shape: number[]) => np.array(Float32Array.from(values), { shape });

function rowsOf(values: ArrayLike<number>, n: number): number[][] {
  const all = Array.from(values);
  return Array.from({ length: all.length / n }, (_, row) => all.slice(row * n, (row + 1) * n));
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

describe.each([
  { rows: 1, n: 1 },
  { rows: 3, n: 255 },
  { rows: 3, n: 1000 },
  { rows: 2, n: 1009 },
  { rows: 2, n: 8192 },
  { rows: 1, n: 100_000 },
  { rows: 4096, n: 256 },
  { rows: 4100, n: 300 },
])("$rows rows of $n", ({ rows, n }) => {
  const values = normals(1, rows * n).map(Math.fround);
  const x = () => matrix(values, [rows, n]);
  const each = rowsOf(values, n);
  const tolerance = 1e-5 * n;

  test("sums are those of the rows", () => {
    expect(largestDifference(sumOfRow(x()).dataSync(), each.map(sum))).toBeLessThan(tolerance);
  });

  test("the largest entries are found, exactly", () => {
    const expected = each.map((row) => row.reduce((a, b) => Math.max(a, b)));
    expect([...largestOfRow(x()).dataSync()]).toEqual(expected);
  });

  test("quotients and their gradients are those of a division", () => {
    const divisors = Array.from({ length: rows }, (_, row) => 1 + (row % 7));
    const cotangent = normals(2, rows * n);
    const divided = dividedByRow(x(), matrix(divisors, [rows])).dataSync();
    expect(
      largestDifference(
        divided,
        each.flatMap((row, i) => row.map((value) => value / divisors[i]!)),
      ),
    ).toBeLessThan(1e-5);
    const loss = (given: np.Array, divisor: np.Array) =>
      dividedByRow(given, divisor)
        .mul(matrix(cotangent, [rows, n]))
        .sum();
    const [ofX, ofDivisor] = jit(grad(loss, { argnums: [0, 1] }))(x(), matrix(divisors, [rows])) as unknown as [
      np.Array,
      np.Array,
    ];
    expect(
      largestDifference(
        ofX.dataSync(),
        cotangent.map((c, i) => c / divisors[Math.floor(i / n)]!),
      ),
    ).toBeLessThan(1e-5);
    const expected = rowsOf(cotangent, n).map(
      (c, i) => -sum(c.map((value, j) => value * each[i]![j]!)) / divisors[i]! ** 2,
    );
    expect(largestDifference(ofDivisor.dataSync(), expected)).toBeLessThan(tolerance);
  });
});

test("under vmap a row is summed as by itself", () => {
  const values = normals(3, 4 * 8192);
  const found = vmap(sumOfRow)(matrix(values, [4, 8192])).dataSync();
  expect(largestDifference(found, rowsOf(values, 8192).map(sum))).toBeLessThan(1e-2);
});

describe("relaxations of many long rows", () => {
  const [rows, n] = [4096, 256];
  const logits = normals(4, rows * n);
  const gradientOf = (relax: (x: np.Array) => np.Array, cotangent: number[]) =>
    jit(
      grad((x: np.Array) =>
        relax(x)
          .mul(matrix(cotangent, [rows, n]))
          .sum(),
      ),
    )(matrix(logits, [rows, n])).dataSync();

  test("a softmax and its gradient are those of the formula", () => {
    const cotangent = normals(5, rows * n);
    const found = categorical.softMode(matrix(logits, [rows, n])).dataSync();
    const expected = rowsOf(logits, n).map((row) => {
      const weights = row.map(Math.exp);
      return weights.map((weight) => weight / sum(weights));
    });
    expect(largestDifference(found, expected.flat())).toBeLessThan(1e-5);
    const products = rowsOf(cotangent, n).map((c, i) => {
      const mean = sum(c.map((value, j) => value * expected[i]![j]!));
      return c.map((value, j) => expected[i]![j]! * (value - mean));
    });
    expect(largestDifference(gradientOf(categorical.softMode, cotangent), products.flat())).toBeLessThan(1e-5);
  });

  test.each(["threshold", "successive"] as const)(
    "the %s relaxation sums to k, and its gradient to 0",
    (relaxation) => {
      const relax = (x: np.Array) => subset.softMode(x, 3, { relaxation });
      const found = rowsOf(relax(matrix(logits, [rows, n])).dataSync(), n);
      for (const row of found) expect(sum(row)).toBeCloseTo(3, 3);
      const gradient = rowsOf(gradientOf(relax, normals(6, rows * n)), n);
      for (const row of gradient) expect(sum(row)).toBeCloseTo(0, 3);
    },
  );
});
