/**
 * The gradient of Sinkhorn's fixed point, from the plan alone, whatever led to it.
 *
 * At a plan P with row sums r and column sums 1, a change dx of the logits changes the plan by `P (dx + a_i + b_j)`,
 * where a and b keep the sums as they are:
 *
 *     r a + P b = -rows,    P' a + b = -columns,    rows = (P dx) 1,  columns = (P dx)' 1
 *
 * so `(1 - M) a = (P columns - rows) / r` with `M = P P' / r`, a stochastic matrix. Its inverse is the series
 * `1 + M + M^2 + ...`, which ends when the iterations themselves have converged: both lose the same factor a term.
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { column, row } from "../rows.ts";

/**
 * The value of `plan` with the gradient of the fixed point, by a series of at least `terms` terms.
 *
 * @param x logits `[..., n, n]`, divided by the temperature, consumed
 * @param plan `[..., n, n]`, without gradient of its own, consumed
 */
export const withImplicitGradient = jit(
  function withImplicitGradient(x: np.Array, plan: np.Array, terms: number): np.Array {
    // Zero, with the gradient of x: what follows is linear in it.
    // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
    const change = x.ref.sub(lax.stopGradient(x.ref));
    const weighted = plan.ref.mul(change.ref);
    const rows = weighted.ref.sum(-1);
    const columns = weighted.sum(-2);
    const a = solve(plan.ref, matvec(plan.ref, columns.ref).sub(rows), terms);
    const b = np.negative(columns.add(matvec(transposed(plan.ref), a.ref)));
    return keepNaN(x, plan.mul(change.add(column(a)).add(row(b)).add(1)));
  },
  { staticArgnums: [2] },
);

/** The a of `(1 - M) a = right / r`, up to a constant, by the series of M. */
function solve(plan: np.Array, right: np.Array, terms: number): np.Array {
  const n = plan.shape.at(-1)!;
  const sums = plan.ref.sum(-1);
  const cut = np.where(plan.ref.less(1e-18), 0, plan);
  const gram = np.matmul(cut.ref, transposed(cut)).div(column(sums.ref));
  // Without the constant vectors, which M keeps and the plan does not feel.
  let power = gram.sub(row(sums.ref.div(n)));
  let sum = right.div(sums);
  const doublings = doublingsFor(n, terms);
  for (let i = 0; i < doublings; i++) {
    sum = sum.ref.add(matvec(power.ref, sum));
    power = np.matmul(power.ref, power);
  }
  const first = sum;
  let total = first.ref;
  for (let i = 1; i < terms / 2 ** doublings; i++) total = first.ref.add(matvec(power.ref, total));
  return total;
}

/**
 * Doubling the number of terms costs a product of matrices, adding some a product with a vector, forward and backward.
 * The engine does the work of 16 of the second in the time of n of the first: measured, and nothing but time depends on
 * it.
 */
function doublingsFor(n: number, terms: number): number {
  return Math.max(0, Math.floor(Math.log2((16 * terms) / n) / 2));
}

function matvec(matrix: np.Array, vector: np.Array): np.Array {
  return matrix.mul(row(vector)).sum(-1);
}

function transposed(matrix: np.Array): np.Array {
  return np.swapaxes(matrix, -1, -2);
}
