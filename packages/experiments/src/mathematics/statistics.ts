/** Numbers about numbers, on the host and in float64. */

/** log sum exp of a stream of rows, a column each, in float64. */
export function streamingLogSumExp(width: number) {
  const largest = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(width);
  return {
    add(rows: ArrayLike<number>): void {
      for (let i = 0; i < rows.length; i++) {
        const column = i % width;
        const top = Math.max(largest[column]!, rows[i]!);
        sums[column] = sums[column]! * Math.exp(largest[column]! - top) + Math.exp(rows[i]! - top);
        largest[column] = top;
      }
    },
    values: () => Array.from(sums, (sum, i) => largest[i]! + Math.log(sum)),
  };
}

/** The mean, and the standard error of it. */
export function meanWithError(values: readonly number[]): { mean: number; standardError: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

/**
 * Kendall's rank correlation tau-b, from -1 to 1, `(concordant - discordant) / sqrt((pairs - ties in x)(pairs - ties in
 * y))`, as SciPy's `kendalltau` has it; NaN where one list is all ties. Takes all pairs, so it is for short lists.
 *
 * Kendall, "The Treatment of Ties in Ranking Problems", 1945.
 */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [balance, untiedX, untiedY] = [0, 0, 0];
  for (let i = 1; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const [signX, signY] = [Math.sign(x[i]! - x[j]!), Math.sign(y[i]! - y[j]!)];
      balance += signX * signY;
      untiedX += signX * signX;
      untiedY += signY * signY;
    }
  }
  return balance / Math.sqrt(untiedX * untiedY);
}

/**
 * The median of the ranks that some items have among all, by falling score; the highest has rank 1. Equal scores are
 * ordered by their falling `ties`, which are to be random.
 */
export function medianRank(scores: ArrayLike<number>, items: readonly number[], ties: ArrayLike<number>): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || ties[b]! - ties[a]!);
  const ranks = items.map((item) => order.indexOf(item) + 1).sort((a, b) => a - b);
  const middle = (ranks.length - 1) / 2;
  return (ranks[Math.floor(middle)]! + ranks[Math.ceil(middle)]!) / 2;
}
