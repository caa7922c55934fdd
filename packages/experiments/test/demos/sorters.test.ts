import { describe, expect, test } from "vitest";
import { compareSorters, countSorters, relaxationNames, type SorterRun } from "../../src/demos/sorters.ts";

const comparison = { n: [3, 40], steps: 5, batch: 4, learningRate: 0.01, seed: 0 };

describe("the relaxations side by side", () => {
  test("are trained on every length, odd-even networks on short ones alone", async () => {
    const runs: SorterRun[] = [];
    for await (const run of compareSorters({ ...comparison, n: [3] })) runs.push(run);
    expect(runs.map(({ relaxation }) => relaxation)).toEqual(relaxationNames);
    expect(countSorters(comparison)).toBe(2 * relaxationNames.length - 1);
    for (const { n, wrongElements, wrongLists, milliseconds, megabytes } of runs) {
      expect(n).toBe(3);
      expect(wrongLists).toBeGreaterThanOrEqual(wrongElements);
      expect(wrongLists).toBeLessThanOrEqual(100);
      expect(milliseconds).toBeGreaterThan(0);
      // At least the three parameters' worth of a step, and not the whole process.
      expect(megabytes).toBeGreaterThan(1e-4);
      expect(megabytes).toBeLessThan(10);
    }
  });

  test("the same seed gives the same errors and the same memory", async () => {
    const once = async (seed: number) => {
      const figures = [];
      for await (const { milliseconds: _, ...run } of compareSorters({ ...comparison, n: [4], seed }))
        figures.push(run);
      return figures;
    };
    const first = await once(1);
    expect(await once(1)).toEqual(first);
    expect(await once(2)).not.toEqual(first);
  });
});
