/**
 * The exact law of the k items that are drawn one after the other without replacement, each with a probability in
 * proportion to its weight among those left (Plackett-Luce), as a set. By enumeration, in float64.
 */

export interface SubsetProbability {
  /** Indices of the items, rising. */
  readonly subset: readonly number[];
  readonly probability: number;
}

/**
 * Every subset of `k` of the weights with its probability, the most probable first. To get there all smaller subsets are
 * passed through: see `countSubsets`.
 *
 * A set S comes about by its last item: P(S) = sum over i in S of P(S less i) w_i / (the weight outside S less i).
 *
 * @param weights positive and finite
 * @param k from 1 to the number of weights
 */
export function subsetLaw(weights: readonly number[], k: number): SubsetProbability[] {
  let law: SubsetProbability[] = [{ subset: [], probability: 1 }];
  for (let size = 1; size <= k; size++) law = withOneMore(law, weights);
  return law.sort((a, b) => b.probability - a.probability || compareSubsets(a.subset, b.subset));
}

/** How many subsets of 1 to `k` of `n` items there are. */
export function countSubsets(n: number, k: number): number {
  let [total, ofThisSize] = [0, 1];
  for (let size = 1; size <= k; size++) {
    ofThisSize *= (n - size + 1) / size;
    total += ofThisSize;
  }
  return Math.round(total);
}

/** The probability of each of `n` items to be in the subset. */
export function inclusionProbabilities(law: readonly SubsetProbability[], n: number): number[] {
  const inclusion = new Array<number>(n).fill(0);
  for (const { subset, probability } of law) for (const item of subset) inclusion[item]! += probability;
  return inclusion;
}

/** The name of a subset: equal for equal subsets. */
export function subsetKey(subset: readonly number[]): string {
  return subset.join();
}

function withOneMore(law: readonly SubsetProbability[], weights: readonly number[]): SubsetProbability[] {
  const larger = new Map<string, SubsetProbability>();
  for (const { subset, probability } of law) {
    const left = weights.map((_, item) => item).filter((item) => !subset.includes(item));
    const shares = sharesOf(left.map((item) => weights[item]!));
    for (const [i, item] of left.entries()) {
      const grown = [...subset, item].sort((a, b) => a - b);
      const before = larger.get(subsetKey(grown))?.probability ?? 0;
      larger.set(subsetKey(grown), { subset: grown, probability: before + probability * shares[i]! });
    }
  }
  return [...larger.values()];
}

/** The weights as shares of their sum, whatever their size: in units of the largest, no sum overflows or vanishes. */
function sharesOf(weights: readonly number[]): number[] {
  const largest = Math.max(...weights);
  const scaled = weights.map((weight) => weight / largest);
  const sum = scaled.reduce((a, b) => a + b, 0);
  return scaled.map((weight) => weight / sum);
}

function compareSubsets(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((item, i) => item !== b[i]);
  return differing < 0 ? 0 : a[differing]! - b[differing]!;
}
