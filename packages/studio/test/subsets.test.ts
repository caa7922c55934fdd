import { expect, test } from "vitest";
import { compareSubsets, subsetRows } from "../src/pages/subsets/tasks.ts";

const request = { weights: [1, 2, 3, 4], k: 2, draws: 500, temperature: 2, seed: 3 };

test("all that is shown of a draw comes from the same keys", async () => {
  const { keys, hard, threshold, successive } = await subsetRows(request);
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
});

test("the samplers come with the law that they are compared with", async () => {
  const { law, samplers } = await compareSubsets(request);
  expect(law.map(({ subset }) => subset.join())).toEqual(["2,3", "1,3", "1,2", "0,3", "0,2", "0,1"]);
  expect(samplers.map(({ name }) => name)).toEqual(["sample", "hard", "threshold", "successive", "reservoir"]);
  for (const { counts } of samplers) expect(counts.reduce((a, b) => a + b)).toBe(request.draws);
});
