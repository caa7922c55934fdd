/** What the page of subsets asks of the engine. */

import { type SubsetProbability, subsetLaw } from "@softdraw/experiments/demos/subset-law";
import { compareDraws, type SamplerComparison, type SubsetDraws } from "@softdraw/experiments/demos/subset-samplers";
import { totalVariationByChance } from "./chance.ts";
import { manyDraws } from "./many-draws.ts";

/** Rows of `[draws, n]`, row by row. */
interface SubsetRows {
  readonly keys: Float32Array;
  readonly hard: Float32Array;
  readonly threshold: Float32Array;
  readonly successive: Float32Array;
}

export interface SubsetAnswer {
  readonly request: SubsetDraws;
  readonly law: readonly SubsetProbability[];
  readonly samplers: readonly JudgedSampler[];
  readonly rows: SubsetRows;
}

/** A sampler beside the law, and what is off by the luck of the draws alone. */
export interface JudgedSampler extends SamplerComparison {
  /** The total variation that the draws of an exact sampler have on average. */
  readonly byChance: number;
  /** Likewise of the mean vector of relaxed draws. */
  readonly meanByChance?: number;
}

/** Draws of one key, exact and relaxed, and each beside the exact law. */
export async function subsetDraws(request: SubsetDraws): Promise<SubsetAnswer> {
  const { seed, draws, weights, k, temperature } = request;
  const { keys, hard, threshold, successive } = manyDraws(seed, draws, [...weights], k, temperature);
  const [a, b, c, d] = await Promise.all([keys.data(), hard.data(), threshold.data(), successive.data()]);
  const rows = { keys: a, hard: b, threshold: c, successive: d } as SubsetRows;
  const law = subsetLaw(weights, k);
  const spreads = law.map(({ probability }) => Math.sqrt(probability * (1 - probability)));
  const byChance = totalVariationByChance(spreads, draws);
  const samplers = (["hard", "threshold", "successive"] as const).map((name) => {
    const isRelaxed = name !== "hard";
    const comparison = { ...compareDraws(name, rows[name], isRelaxed, request, law), byChance };
    if (!isRelaxed) return comparison;
    return { ...comparison, meanByChance: totalVariationByChance(deviationsOf(rows[name], weights.length), draws) };
  });
  return { request, law, samplers, rows };
}

/** The standard deviation of each column. */
function deviationsOf(rows: Float32Array, n: number): number[] {
  const count = rows.length / n;
  return Array.from({ length: n }, (_, column) => {
    let [sum, squares] = [0, 0];
    for (let at = column; at < rows.length; at += n) {
      sum += rows[at]!;
      squares += rows[at]! ** 2;
    }
    return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  });
}
