/**
 * The gradient of Sinkhorn's fixed point, from the plan alone, whatever led to it.
 *
 * At a plan P with row sums r and column sums c, a change dx of the logits changes the plan by `P (dx + a_i + b_j)`,
 * where a and b keep the sums as they are:
 *
 *     r a + P b = -rows,    P' a + c b = -columns,    rows = (P dx) 1,  columns = (P dx)' 1
 *
 * so `(1 - M) a = (P columns / c - rows) / r` with `M = P (1 / c) P' / r`, a stochastic matrix. Its inverse is the
 * series `1 + M + M^2 + ...`, which ends when the iterations themselves have converged: both lose the same factor a
 * term. Changes of the sums are added to the right-hand sides, and powers less than 1 multiply P on both sides of M.
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { column, row } from "../rows.ts";
import { changesOf, ownChange, type Side, type Sides } from "./sums.ts";

/** Where there is a power: the logarithms of what it is applied to, of rows and columns. */
export type Levels = { rows?: np.Array; columns?: np.Array } & Record<string, np.Array>;

/**
 * The value of `plan` with the gradient of the fixed point, by a series of at least `terms` terms.
 *
 * @param x logits `[..., m, n]`, divided by the temperature, consumed
 * @param plan `[..., m, n]`, without gradient of its own, consumed
 * @param sides consumed
 * @param stoppedSides the same without a gradient, consumed
 * @param levels where a side has a power, without a gradient, consumed
 */
export const withImplicitGradient = jit(
  function withImplicitGradient(
    x: np.Array,
    plan: np.Array,
    sides: Sides,
    stoppedSides: Sides,
    levels: Levels,
    terms: number,
  ): np.Array {
    // Zero, with the gradient of x: what follows is linear in it.
    // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
    const change = x.ref.sub(lax.stopGradient(x.ref));
    const ofSides = changesOf(sides, stoppedSides);
    const ownOf = (name: "rows" | "columns") => ownChange(stoppedSides[name], ofSides[name], levels[name]);
    const [ownRows, ownColumns] = [ownOf("rows"), ownOf("columns")];
    const weighted = plan.ref.mul(change.ref);
    const rows = weighted.ref.sum(-1);
    const columns = weighted.sum(-2);
    const sums = stoppedSides.rows.sums === undefined ? plan.ref.sum(-1) : sumsOf(plan, -1);
    const others = stoppedSides.columns.sums === undefined ? undefined : sumsOf(plan, -2);
    const back = (columns: np.Array) => overSums(columns, others, stoppedSides.columns);
    const inner = ownColumns === undefined ? back(columns.ref) : back(columns.ref).sub(ownColumns.ref);
    const right = matvec(plan.ref, inner).sub(rows).div(sums.ref);
    const first = plus(powered(right, stoppedSides.rows), ownRows);
    const a = solve(plan.ref, first, sums, others?.ref, stoppedSides, terms);
    const b = plus(np.negative(back(columns.add(matvec(transposed(plan.ref), a.ref)))), ownColumns);
    return keepNaN(x, plan.mul(change.add(column(a)).add(row(b)).add(1)));
  },
  { staticArgnums: [5] },
);

/** Without mass a row or column has a sum that is no divisor; its entries are 0. */
function sumsOf(plan: np.Array, axis: -1 | -2): np.Array {
  return np.maximum(plan.ref.sum(axis), SMALLEST_SUM);
}

const SMALLEST_SUM = 1e-37;

function overSums(x: np.Array, sums: np.Array | undefined, side: Side): np.Array {
  return powered(sums === undefined ? x : x.div(sums.ref), side);
}

function powered(x: np.Array, { power }: Side): np.Array {
  return power === undefined ? x : x.mul(power.ref);
}

function plus(x: np.Array, more: np.Array | undefined): np.Array {
  return more === undefined ? x : x.add(more.ref);
}

/** The a of `(1 - M) a = first`, up to a constant where all of M's rows sum to 1, by the series of M. */
function solve(
  plan: np.Array,
  first: np.Array,
  sums: np.Array,
  others: np.Array | undefined,
  { rows, columns }: Sides,
  terms: number,
): np.Array {
  const n = plan.shape.at(-2)!;
  const cut = np.where(plan.ref.less(1e-18), 0, plan);
  const weight = others === undefined ? undefined : row(powered(np.reciprocal(others), columns));
  const weighted = weight === undefined ? cut.ref : cut.ref.mul(weight);
  const gram = np.matmul(weighted, transposed(cut)).div(column(sums.ref));
  const total = rows.sums === undefined && columns.sums === undefined ? n : column(sums.ref.sum(-1));
  const isStochastic = rows.power === undefined && columns.power === undefined;
  // Without the constant vectors, which M keeps and the plan does not feel.
  let power = isStochastic
    ? gram.sub(row(sums.div(total)))
    : rows.power === undefined
      ? gram
      : gram.mul(column(rows.power.ref));
  let sum = first;
  const doublings = doublingsFor(n, terms);
  for (let i = 0; i < doublings; i++) {
    sum = sum.ref.add(matvec(power.ref, sum));
    power = np.matmul(power.ref, power);
  }
  const block = sum;
  let all = block.ref;
  for (let i = 1; i < terms / 2 ** doublings; i++) all = block.ref.add(matvec(power.ref, all));
  return all;
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
