/** What the page of subsets asks of the engine. */

import { type SubsetProbability, subsetLaw } from "@softdraw/experiments/demos/subset-law";
import { compareSamplers, type SamplerComparison, type SubsetDraws } from "@softdraw/experiments/demos/subset-samplers";
import { manyDraws } from "./many-draws.ts";

export interface SubsetComparison {
  readonly law: readonly SubsetProbability[];
  readonly samplers: readonly SamplerComparison[];
}

/** The exact law, and what each sampler of the library draws beside it. */
export async function compareSubsets(request: SubsetDraws): Promise<SubsetComparison> {
  const law = subsetLaw(request.weights, request.k);
  return { law, samplers: await compareSamplers(request, law) };
}

/** Rows of `[draws, n]`, row by row. */
export interface SubsetRows {
  readonly keys: Float32Array;
  readonly hard: Float32Array;
  readonly threshold: Float32Array;
  readonly successive: Float32Array;
}

export async function subsetRows({ seed, draws, weights, k, temperature }: SubsetDraws): Promise<SubsetRows> {
  const { keys, hard, threshold, successive } = manyDraws(seed, draws, [...weights], k, temperature);
  const [a, b, c, d] = await Promise.all([keys.data(), hard.data(), threshold.data(), successive.data()]);
  return { keys: a, hard: b, threshold: c, successive: d } as SubsetRows;
}
