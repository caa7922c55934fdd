import { grad, numpy as np } from "@jax-js/jax";
import { subset } from "softdraw";
import { expect, test } from "vitest";
import { softSubset } from "../src/mathematics/structures.ts";
import { percentOf } from "../src/pages/subsets/chance.ts";
import { exactSlopes, slopesOfDraw } from "../src/pages/subsets/slopes.ts";
import { subsetDraws } from "../src/pages/subsets/tasks.ts";

const request = { weights: [1, 2, 3, 4], k: 2, draws: 500, temperature: 2, seed: 3 };

test("all that is shown of a draw comes from the same keys, and so do the counts", async () => {
  const { rows, law, samplers } = await subsetDraws(request);
  const { keys, hard, threshold, successive } = rows;
  for (let row = 0; row < request.draws; row++) {
    const of = (values: Float32Array) => [...values.subarray(4 * row, 4 * (row + 1))];
    const least = [...of(keys)].sort((a, b) => b - a)[1]!;
    expect(of(hard)).toEqual(of(keys).map((key) => Number(key >= least)));
    const least2 = [...of(threshold)].sort((a, b) => b - a)[1]!;
    expect(of(hard)).toEqual(of(threshold).map((value) => Number(value >= least2)));
    for (const values of [threshold, successive]) expect(of(values).reduce((a, b) => a + b)).toBeCloseTo(2, 4);
  }
  expect(Math.max(...threshold)).toBeLessThanOrEqual(1 + 1e-5);
  expect(Math.max(...successive)).toBeGreaterThan(1.01);

  expect(law.map(({ subset }) => subset.join())).toEqual(["2,3", "1,3", "1,2", "0,3", "0,2", "0,1"]);
  expect(samplers.map(({ name }) => name)).toEqual(["hard", "threshold", "successive"]);
  for (const { counts } of samplers) expect(counts.reduce((a, b) => a + b)).toBe(request.draws);
  // The threshold keeps the order of the keys.
  expect(samplers[1]!.counts).toEqual(samplers[0]!.counts);
});

test("a first answer is the beginning of a refined one", async () => {
  const [few, many] = [await subsetDraws({ ...request, draws: 50 }), await subsetDraws(request)];
  expect([...few.rows.successive]).toEqual([...many.rows.successive.subarray(0, 50 * 4)]);
});

test("what is off by chance alone is what exact draws are off by, on average", async () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);
  const off = [];
  let expected = 0;
  for (const seed of seeds) {
    const [exact] = (await subsetDraws({ ...request, seed })).samplers;
    off.push(exact!.totalVariation);
    expected = exact!.byChance;
  }
  const mean = off.reduce((a, b) => a + b) / off.length;
  // The total variation of six shares has a deviation of about 0.4 of its mean: five standard errors of 40 are a third of it,
  // which chance exceeds less than once in 10,000 times.
  expect(Math.abs(mean / expected - 1)).toBeLessThan(0.33);
});

test.each([
  [0.5, 10_000, "50.0 ± 1.0 %"],
  [0.52, 1000, "52 ± 3 %"],
  [0, 1000, "not one of 1,000 draws"],
])("a share of %d of %d draws is written with its band", (share, draws, text) => {
  expect(percentOf(share, draws)).toBe(text);
});

test("the slopes of a draw are the library's gradient, and the exact ones those of the law of the first item drawn", async () => {
  const [keys, k, temperature, item] = [[0.3, -0.2, 1.1, 0.4], 2, 0.6, 2];
  const y = softSubset(keys, k, temperature);
  const entry = (x: np.Array) => subset.softMode(x, k, { temperature }).slice(item);
  const expected = await grad(entry)(np.array(keys)).data();
  for (const [j, slope] of slopesOfDraw(y, item, temperature).entries()) expect(slope).toBeCloseTo(expected[j]!, 4);
  // Of one item of n the law is the softmax.
  const weights = [1, 2, 5];
  const [p0, p1, p2] = weights.map((weight) => weight / 8) as [number, number, number];
  const exact = [-p1 * p0, p1 * (1 - p1), -p1 * p2];
  for (const [j, slope] of exactSlopes(weights, 1, 1).entries()) expect(slope).toBeCloseTo(exact[j]!, 7);
});
