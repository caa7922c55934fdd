/**
 * The projections of keys onto the simplex that can be zero: sparsemax and entmax. With alpha from 1 to 2 and `e(u) =
 * (1 + (alpha - 1) u)^(1 / (alpha - 1))`, 0 where the bracket is negative,
 *
 *     p_i = e(z_i - c), c such that the p_i sum to 1
 *
 * which is the p of the simplex with the largest `sum_i p_i z_i` plus Tsallis entropy. For alpha = 1, the limit, e is the
 * exponential and p the softmax; for alpha = 2, p is the point of the simplex that is nearest to z.
 *
 * Martins, Astudillo, "From Softmax to Sparsemax", 2016; Peters, Niculae, Martins, "Sparse Sequence-to-Sequence Models", 2019.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { indicator, log1p, logarithm } from "../numerics.ts";
import { column, dividedByRow, originOfRow, sumOfRow } from "../rows.ts";
import { inverseOf, tempered } from "../tempered.ts";

/** Stands for a base of 0, of which there is no logarithm. */
const SMALLEST_BASE = 1e-30;

/** Rows from here on are summed in parts for what they are divided by, so that entries sum to 1. */
const EXACTLY_FROM = 128;

/** Steps of Newton's method after those that halve. */
const LAST_STEPS = 2;

/**
 * The projection of `keys / temperature`. The gradient is that of the solution, not of the steps towards it; there is no second
 * derivative.
 *
 * @param keys finite, `[..., n]`
 * @param alpha above 1, up to 2
 */
export function entmax(keys: np.Array, temperature: np.Array, alpha: number): np.Array {
  const distance = tempered(keys.ref, originOfRow(keys), inverseOf(temperature));
  const fixed = lax.stopGradient(distance.ref);
  const { entry, slope } = at(fixed.ref.sub(column(solve(fixed, alpha))), alpha);
  const value = dividedByRow(entry.ref, sumOfRow(entry, EXACTLY_FROM));
  // Zero, with the gradient of the distance, as in the threshold relaxation of subsets.
  const change = distance.ref.sub(lax.stopGradient(distance));
  const shift = sumOfRow(slope.ref.mul(change.ref)).div(sumOfRow(slope.ref));
  return value.add(slope.mul(change.sub(column(shift))));
}

/**
 * The c of distances that are 0 at the largest, `[...]`.
 *
 * The norm of all the brackets together is a convex function of c, so a step of Newton's method from either side of the
 * solution ends below it. The steps start in the middle of what is known to hold it, and so halve that at least, also where
 * entries become 0 on the way; the last ones start from the best bound, and converge quadratically.
 */
function solve(distance: np.Array, alpha: number): np.Array {
  const n = distance.shape.at(-1)!;
  let low = sumOfRow(distance.ref.mul(0));
  let high = low.ref.add((1 - n ** (1 - alpha)) / (alpha - 1));
  // By the worst of rows of up to 1,000 entries of many kinds, equal, heavy-tailed and geometric ones among them.
  const halvings = alpha > 1.5 ? 8 : 4;
  for (let step = 0; step < halvings + LAST_STEPS; step++) {
    const isHalving = step < halvings;
    const start = isHalving ? low.ref.add(high.ref).mul(0.5) : low.ref;
    const { entry, slope } = at(distance.ref.sub(column(start.ref)), alpha);
    const [sum, total] = [materialize(sumOfRow(entry)), materialize(sumOfRow(slope))];
    if (isHalving) high = np.where(sum.ref.less(1), start.ref, high);
    // The largest entry is at least 1 / n wherever a step starts, so there is no division by 0.
    low = materialize(np.maximum(low, start.add(newton(sum, total, alpha))));
  }
  high.dispose();
  distance.dispose();
  return low;
}

/**
 * From c to where the norm's tangent has the value 1: `(S^(alpha - 1) - 1) / (alpha - 1) * S^(2 - alpha) / W`, with S the sum of
 * the entries and W that of the slopes.
 */
function newton(sum: np.Array, total: np.Array, alpha: number): np.Array {
  if (alpha === 2) return sum.sub(1).div(total);
  const norm = np.exp(logarithm(sum.ref).mul(alpha - 1));
  const height = norm.ref.sub(1).mul(1 / (alpha - 1));
  return height.mul(sum.div(norm)).div(total);
}

/** `e(u)` and its derivative, `e(u)^(2 - alpha)`. */
function at(u: np.Array, alpha: number): { entry: np.Array; slope: np.Array } {
  const change = u.mul(alpha - 1);
  if (alpha === 2 || alpha === 1.5) {
    const base = np.maximum(change.add(1), 0);
    return alpha === 2
      ? { entry: base.ref, slope: indicator(base.greater(0)) }
      : { entry: np.square(base.ref), slope: base };
  }
  const isPositive = change.ref.greater(-1);
  const logBase = np.where(
    change.ref.greater(-0.5),
    log1p(np.maximum(change.ref, -0.5)),
    logarithm(np.maximum(change.add(1), SMALLEST_BASE)),
  );
  const power = (exponent: number) => np.where(isPositive.ref, np.exp(logBase.ref.mul(exponent)), 0);
  const [entry, slope] = [power(1 / (alpha - 1)), power((2 - alpha) / (alpha - 1))];
  isPositive.dispose();
  logBase.dispose();
  return { entry, slope };
}
