/** How an item's entry moves with each logit: in one relaxed draw, and on average over all exact ones. */

import { inclusionProbabilities, subsetLaw } from "@softdraw/experiments/demos/subset-law";

/**
 * Of the threshold relaxation `y`, the derivative of `y_item` by each logit: with `s_j = y_j (1 - y_j) / T` it is `s_item` for the
 * item's own, less `s_item s_j / sum s`, since the threshold moves so that the entries still sum to k.
 */
export function slopesOfDraw(y: readonly number[], item: number, temperature: number): number[] {
  const own = y.map((share) => (share * (1 - share)) / temperature);
  const sum = own.reduce((a, b) => a + b, 0);
  // Where all entries are 0 or 1 to the last digit, nothing moves.
  if (sum === 0) return y.map(() => 0);
  return own.map((slope, j) => (j === item ? slope : 0) - (own[item]! * slope) / sum);
}

/** Of the probability that the item is among the k, by each logit: central differences of the exact law. */
export function exactSlopes(weights: readonly number[], k: number, item: number): number[] {
  const chance = (logit: number, by: number) => {
    const moved = weights.map((weight, i) => (i === logit ? weight * Math.exp(by) : weight));
    return inclusionProbabilities(subsetLaw(moved, k), weights.length)[item]!;
  };
  return weights.map((_, logit) => (chance(logit, STEP) - chance(logit, -STEP)) / (2 * STEP));
}

const STEP = 1e-4;
