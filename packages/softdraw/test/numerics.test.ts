import { numpy as np } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import { describe, expect, test } from "vitest";
import { exponential, HIGHEST_EXPONENT, polynomial } from "../src/numerics.ts";
import { largestOfRow } from "../src/rows.ts";

/** Float32 numbers from `first` to `last` in equal steps. */
const range = (first: number, last: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));

describe("exponential", () => {
  const of = async (x: Float32Array) => (await exponential(np.array(x)).data()) as Float32Array;

  test.each([
    { first: -1, last: 1, error: 2e-6 },
    { first: -20, last: HIGHEST_EXPONENT, error: 1e-5 },
    { first: -36, last: -20, error: 4e-5 },
  ])("is off by $error of itself from $first to $last", async ({ first, last, error }) => {
    const x = range(first, last, 200_000);
    const errors = (await of(x)).map((y, i) => Math.abs(y / Math.exp(x[i]!) - 1));
    expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(error);
  });

  test("is 1 at 0, and 0 where an impossible entry is", async () => {
    expect([...(await of(Float32Array.of(0, -90, -100, -1e9, -1e30)))]).toEqual([1, 0, 0, 0, 0]);
  });

  test("is off by less than 1e-20 where it is that small", async () => {
    const x = range(-100, -36, 10_000);
    const errors = (await of(x)).map((y, i) => Math.abs(y - Math.exp(x[i]!)));
    expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-20);
  });
});

test.each([[[3]], [[3, -2]], [[0.5, 0, -4]], [[1, 2, 3, 4, 5, 6, 7]]])("polynomial of %j", async (coefficients) => {
  const x = range(-2, 2, 41);
  const expected = [...x].map((x) => coefficients.reduceRight((sum, c) => sum * x + c, 0));
  const found = await values(polynomial(np.array(x), coefficients));
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 4);
});

test.each([
  [3, 9],
  [5, 256],
  [2, 1000],
  [2, 1001],
])("largestOfRow of %i rows of %i, wherever it is", async (rows, n) => {
  const x = Float32Array.from({ length: rows * n }, (_, i) => -1 - ((i * 7919) % 104_729));
  const places = [...range(0, n - 1, 9)].map(Math.round);
  for (const place of places) {
    const raised = x.map((value, i) => (i % n === place ? Math.floor(i / n) : value));
    const found = await values(largestOfRow(np.array(raised, { shape: [rows, n] })));
    expect(found).toEqual(Array.from({ length: rows }, (_, row) => row));
  }
});
