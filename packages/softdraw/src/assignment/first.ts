/** The first of the best assignments, by going through all subsets of columns. */

/** Up to here it is as fast as an auction. */
export const MOST_FIRST = 10;

/**
 * The columns of n rows for the largest sum of weights, no column twice: of equals the first in lexicographic order.
 * Undefined where every sum is -Infinity.
 *
 * The best of the last rows is found for each subset of columns that these can have. Bits are columns.
 *
 * @param weights n rows of n numbers or -Infinity, n at most `MOST_FIRST`
 */
export function firstOfLargest(weights: ArrayLike<number>, n: number): Int32Array | undefined {
  const all = 2 ** n - 1;
  const best = new Float64Array(2 ** n).fill(Number.NEGATIVE_INFINITY);
  const columnOf = new Int8Array(2 ** n).fill(-1);
  const rowOf = new Int8Array(2 ** n).fill(n);
  best[0] = 0;
  for (let subset = 1; subset <= all; subset++) {
    const row = rowOf[subset & (subset - 1)]! - 1;
    rowOf[subset] = row;
    for (let j = 0; j < n; j++) {
      const rest = subset & ~(1 << j);
      if (rest === subset) continue;
      const sum = weights[row * n + j]! + best[rest]!;
      if (sum > best[subset]!) {
        best[subset] = sum;
        columnOf[subset] = j;
      }
    }
  }
  if (best[all] === Number.NEGATIVE_INFINITY) return undefined;
  const columns = new Int32Array(n);
  for (let row = 0, subset = all; row < n; row++) {
    columns[row] = columnOf[subset]!;
    subset &= ~(1 << columnOf[subset]!);
  }
  return columns;
}
