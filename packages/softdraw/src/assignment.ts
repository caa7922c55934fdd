/**
 * Exact assignment: which column to give each row, no column twice, for the largest sum of weights.
 *
 * Solved on the host, in float64, by an auction and shortest augmenting paths (Bertsekas 1988; Jonker, Volgenant 1987). So
 * these functions are async and stay outside `jit`, `grad` and `vmap`. Equal sums are decided by the algorithm's order of
 * steps, the same way each time.
 */

import { columnsOfLargest } from "./assignment/columns.ts";
import { type Array, checkLogits } from "./checks.ts";

/**
 * The assignment with the largest sum of weights, as column indices: int32 of shape `[..., m]`.
 *
 * With more rows than columns, rows that are left without a column have index -1. To minimize costs, negate them.
 *
 * @param weights `[..., m, n]`, consumed; -Infinity forbids a pair
 * @throws RangeError for a weight of NaN or Infinity, or where every assignment takes a forbidden pair; names the matrix
 *   and the row, or the column where these are fewer
 *
 * @example
 * const costs = np.array([[4, 1, 3], [2, 0, 5], [3, 2, 2]]);
 * const columns = await assignment.maximize(np.negative(costs)); // 1, 0, 2
 */
export async function maximize(weights: Array): Promise<Array> {
  checkLogits("assignment.maximize", weights, 2, "weights");
  return columnsOfLargest("assignment.maximize", "weights", weights);
}
