/**
 * Exact assignment: which column to give each row, no column twice, for the largest sum of weights.
 *
 * Solved on the host, in float64, by an auction and shortest augmenting paths (Bertsekas 1988; Jonker, Volgenant 1987).
 * So these functions return promises and stay outside `jit`, `grad` and `vmap`. Equal sums are decided by the
 * algorithm's order of steps, the same way each time.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import { checkConcrete, checkLogits } from "../checks.ts";
import { columnsOfLargest } from "./columns.ts";

/**
 * The assignment with the largest sum of weights, as column indices: int32 of shape `[..., m]`.
 *
 * With more rows than columns, rows that are left without a column have index -1. To minimize costs, negate them.
 *
 * @param weights `[..., m, n]`, consumed; -Infinity forbids a pair
 * @throws TypeError for weights that `jit`, `grad` or `vmap` trace; the promise is rejected with a RangeError for a
 *   weight of NaN or Infinity, or where every assignment takes a forbidden pair: it names the matrix and the row, or
 *   the column where these are fewer
 *
 * @example
 * const costs = np.array([[4, 1, 3], [2, 0, 5], [3, 2, 2]]);
 * const columns = await assignment.maximize(np.negative(costs)); // 1, 0, 2
 */
export function maximize(weights: np.Array): Promise<np.Array> {
  checkLogits("assignment.maximize", weights, 2, "weights", "[..., m, n] with m and n at least 1");
  checkConcrete("assignment.maximize", weights);
  return columnsOfLargest("assignment.maximize", "weights", weights);
}
