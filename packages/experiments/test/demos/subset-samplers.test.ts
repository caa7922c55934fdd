import { describe, expect, test } from "vitest";
import { subsetLaw } from "../../src/demos/subset-law.ts";
import { compareSamplers, type SamplerComparison, type SubsetDraws } from "../../src/demos/subset-samplers.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

async function comparisonsOf(request: SubsetDraws): Promise<Record<string, SamplerComparison>> {
  const comparisons = await compareSamplers(request, subsetLaw(request.weights, request.k));
  return Object.fromEntries(comparisons.map((comparison) => [comparison.name, comparison]));
}

const request: SubsetDraws = { weights: [5, 1, 2, 9, 3, 7], k: 3, draws: 3000, temperature: 0.5, seed: 1 };

describe("compareSamplers", () => {
  test("counts every draw of every sampler once, also those of a last block that is not full", async () => {
    // A thousand weights of which one is drawn: the engine gets them in blocks of a hundred draws.
    const many = { ...request, weights: Array.from({ length: 1000 }, (_, i) => 1 + i), k: 1, draws: 250 };
    for (const asked of [request, many]) {
      const comparisons = Object.values(await comparisonsOf(asked));
      expect(comparisons.map(({ counts }) => sum(counts))).toEqual(comparisons.map(() => asked.draws));
      for (const { counts, shares } of comparisons) expect(shares).toEqual(counts.map((count) => count / asked.draws));
    }
  });

  test("gives the same for the same seed, and something else for another and for each sampler", async () => {
    const [first, again, other] = [
      await comparisonsOf(request),
      await comparisonsOf(request),
      await comparisonsOf({ ...request, seed: 2 }),
    ];
    expect(again).toEqual(first);
    for (const name of Object.keys(first)) expect(other[name]!.counts).not.toEqual(first[name]!.counts);
    expect(new Set(Object.values(first).map(({ counts }) => counts.join())).size).toBe(Object.keys(first).length);
  });

  test("sees a sampler that has another law than the one it is compared with", async () => {
    const law = subsetLaw([1, 1, 1, 1, 1, 1], 3);
    for (const { chiSquare, totalVariation } of await compareSamplers(request, law)) {
      expect(chiSquare.pValue).toBeLessThan(1e-10);
      expect(totalVariation).toBeGreaterThan(0.2);
    }
  });

  test("sees entries above 1 of the successive relaxation, and none of the threshold relaxation", async () => {
    const { sample, threshold, successive } = await comparisonsOf({ ...request, weights: new Array(10).fill(1), k: 5 });
    expect(sample!.relaxed).toBeUndefined();
    expect(threshold!.relaxed).toMatchObject({ entriesAboveOne: 0, drawsAboveOne: 0 });
    expect(successive!.relaxed!.drawsAboveOne).toBeGreaterThan(0.9);
    expect(successive!.relaxed!.entriesAboveOne).toBeGreaterThan(successive!.relaxed!.drawsAboveOne);
  });

  test("finds the mean of relaxed draws nearer to the law at a lower temperature", async () => {
    const [warm, cold] = [
      await comparisonsOf({ ...request, temperature: 5 }),
      await comparisonsOf({ ...request, temperature: 0.05 }),
    ];
    for (const name of ["threshold", "successive"]) {
      expect(cold[name]!.relaxed!.meanTotalVariation).toBeLessThan(0.06);
      expect(warm[name]!.relaxed!.meanTotalVariation).toBeGreaterThan(0.3);
    }
  });

  test("leaves no doubt when all items are taken", async () => {
    for (const comparison of Object.values(await comparisonsOf({ ...request, k: 6, draws: 50 }))) {
      expect(comparison.counts).toEqual([50]);
      expect(comparison.chiSquare).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
      expect(comparison.totalVariation).toBeCloseTo(0, 14);
    }
  });
});
