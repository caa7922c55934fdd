/**
 * Rankings: orders of n, as permutation matrices whose row r has its 1 at the entry of rank r, the largest first. Logits
 * have shape `[..., n]`, a value `[..., n, n]`.
 *
 * `sample` draws a whole order without replacement: one entry after the other, each with probability proportional to
 * `exp(logit)` among what is left (Plackett 1975, Luce 1959). That is the descending order of perturbed logits. It is not
 * the law of `permutation`, which has a logit for each place of each entry.
 *
 * `relax` replaces the order by one of four relaxations of it; see there. `softSort`, `softRank` and `softQuantile` are the
 * same for values that are no law.
 *
 * A logit of -Infinity, or below -1e30, is an impossible entry. In an order, which takes all entries, it is certain to be
 * the last, and its gradient is zero. Among several of them no order has a law: every verb gives NaN for a row with two or
 * more, or with a logit of NaN or Infinity, and `sampleOrdered` indices of -1.
 *
 * @module
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { checkKey, checkLogits, checkMatrices, kindOf } from "../checks.ts";
import { perturb } from "../noise.ts";
import { finite } from "../numerics.ts";
import { checkHard, checkNoise } from "../options.ts";
import { supportOfPermutations } from "../permutation/enumeration.ts";
import { indicesOfLargest } from "../subset/top.ts";
import { logProbOf } from "./law.ts";
import { checkForm, type RankingOptions, type RankingRelaxOptions, type SoftOptions } from "./options.ts";
import { canOrder } from "./order.ts";
import { kernels, softQuantileKernel, softRankKernel, softSortKernel } from "./relaxations.ts";

export type { Network } from "./layers.ts";
export type { OrderRelaxation, RankingOptions, RankingRelaxOptions, SoftOptions } from "./options.ts";
export type { Sigmoid } from "./sigmoids.ts";

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 1;

/** And how many of those of a value: an order is a matrix. */
export const valueAxes = 2;

/** Which law estimators may rely on: see `Structure`. */
export const law = "gumbel-max";

/**
 * The log-probability of an order (Plackett-Luce), shape `[...]`:
 *
 *     sum_r (s_r - logsumexp(s_r, ..., s_n))
 *
 * with s the logits in that order. -Infinity for what is no permutation matrix, or has an impossible entry before the last
 * row. The gradient is by the logits.
 *
 * @param matrix `[..., n, n]`, as `sample` returns it, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Luce, "Individual Choice Behavior", 1959; Plackett, "The Analysis of Permutations", 1975.
 */
export function logProb(matrix: np.Array, logits: np.Array): np.Array {
  checkLogits("ranking.logProb", logits, 1);
  checkMatrices("ranking.logProb", "matrix", matrix, logits);
  return logProbKernel(lax.stopGradient(matrix), logits);
}

/**
 * The descending order of the logits, the most probable one, as a matrix `[..., n, n]`; the first of equals first. No
 * gradient.
 *
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  checkLogits("ranking.mode", logits, 1);
  return kernels.softsort!.mode(logits, 0);
}

/**
 * The perturbed logits of a draw whose order is known, `[..., n]`. `mode` of them is that order, always, and over orders
 * from `sample` they have the law of `logits + G`. Seen as the times at which entries come, `-log` of which they are, the
 * waits between them are independent, each exponential of the rate of all that is left.
 *
 * The gradient is by the logits, as through a draw of one's own; none is by the order. A value that is no permutation
 * matrix, or has an impossible entry before the last row, gives NaN.
 *
 * @param key PRNG key, consumed
 * @param value `[..., n, n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Gadetsky, Struminsky, Robinson, Quadrianto, Vetrov, "Low-Variance Black-Box Gradient Estimates for the Plackett-Luce
 * Distribution", 2020.
 */
export function perturbGiven(key: np.Array, value: np.Array, logits: np.Array): np.Array {
  checkGiven("ranking.perturbGiven", key, value, logits);
  return kernels.softsort!.perturbGiven(key, value, logits, 0);
}

/**
 * A relaxed draw: a relaxation of the order of `logits + G`, `[..., n, n]`, entries from 0 to 1 and rows that sum to 1.
 *
 * As the temperature falls, it tends to what `sample` returns for the same key. With `hard`, the value is that, taken from
 * the perturbed logits, and the gradient is that of the relaxation (straight-through). Where keys are equal, rows are shared by
 * them, and no temperature decides for one.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "softsort" (default), "neuralsort", "network" or "sinkhorn": see `OrderRelaxation`
 * @param options.network "bitonic" (default) or "odd-even", of "network" alone
 * @param options.sigmoid "logistic" (default), "cauchy" or "optimal", of "network" alone
 * @param options.iterations whole number up to 1,000, default 20, of "sinkhorn" alone
 * @throws RangeError for a temperature that is not positive and for what is not to be chosen; TypeError for a key that is
 *   none and for an option of another name, or of a relaxation that is not asked for
 *
 * Grover, Wang, Zweig, Ermon, "Stochastic Optimization of Sorting Networks via Continuous Relaxations", 2019; Prillo,
 * Eisenschlos, "SoftSort", 2020; Petersen, Borgelt, Kuehne, Deussen, "Monotonic Differentiable Sorting Networks", 2022;
 * Cuturi, Teboul, Vert, "Differentiable Ranking and Sorting using Optimal Transport", 2019.
 *
 * @example
 * const order = ranking.relax(random.key(0), np.array([0, 1, 2, 3]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: RankingRelaxOptions = {}): np.Array {
  checkKey("ranking.relax", key);
  checkLogits("ranking.relax", logits, 1);
  const { temperature, form } = checkForm("ranking.relax", logits, options as RankingOptions, "relax");
  const scale = checkNoise("ranking.relax", logits, 1, options);
  const hard = checkHard("ranking.relax", options);
  return kernels[form.name]!.relax(key, logits, temperature, scale, hard, form.iterations);
}

/**
 * A draw of `relax` whose order is known: a relaxation of `perturbGiven`, `[..., n, n]`. Over orders from `sample` it has the
 * law of `relax`, and as the temperature falls it tends to the order. The gradient is by logits and temperature; none is
 * by the order.
 *
 * @param key PRNG key, consumed
 * @param value `[..., n, n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @param options those of `softMode`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function relaxGiven(key: np.Array, value: np.Array, logits: np.Array, options: RankingOptions = {}): np.Array {
  checkGiven("ranking.relaxGiven", key, value, logits);
  const { temperature, form } = checkForm("ranking.relaxGiven", logits, options, "softMode");
  return kernels[form.name]!.relaxGiven(key, value, logits, temperature, form.iterations);
}

/**
 * An exact draw as a matrix `[..., n, n]`: the descending order of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Luce 1959; Plackett 1975; by Gumbel noise Yellott, "The Relationship between Luce's Choice Axiom, Thurstone's Theory of
 * Comparative Judgment, and the Double Exponential Distribution", 1977.
 *
 * @example
 * const order = ranking.sample(random.key(0), np.array([0, 1, 2, 3]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  checkKey("ranking.sample", key);
  checkLogits("ranking.sample", logits, 1);
  return kernels.softsort!.sample(key, logits, 0);
}

/**
 * An exact draw as indices, int32 `[..., n]`, the largest of `logits + G` first: the columns of the ones of `sample` for the
 * same key, and what `subset.sampleOrdered(key, logits, n)` gives. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function sampleOrdered(key: np.Array, logits: np.Array): np.Array {
  checkKey("ranking.sampleOrdered", key);
  checkLogits("ranking.sampleOrdered", logits, 1);
  return sampleOrderedKernel(key, lax.stopGradient(logits));
}

/**
 * The relaxation without noise, `[..., n, n]`.
 *
 * @param logits `[..., n]`, consumed
 * @param options those of `relax`, without `hard` and `noise`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: RankingOptions = {}): np.Array {
  checkLogits("ranking.softMode", logits, 1);
  const { temperature, form } = checkForm("ranking.softMode", logits, options, "softMode");
  return kernels[form.name]!.softMode(logits, temperature, form.iterations);
}

/**
 * A quantile of values, softly: between the two entries of `softSort` at the place `(1 - q) (n - 1)`, on a straight line.
 * Shape `[...]`.
 *
 * @param x `[..., n]`, consumed
 * @param q from 0, the smallest, to 1, the largest; 0.5 is the median. Dynamic: a new one never recompiles
 * @param options those of `softSort`
 * @throws TypeError for arguments of another type, RangeError for shapes, options or a q that do not fit
 *
 * @example
 * const median = ranking.softQuantile(np.array([3, 1, 2, 100]), 0.5, { temperature: 0.1 });
 */
export function softQuantile(x: np.Array, q: number, options: SoftOptions = {}): np.Array {
  checkValues("ranking.softQuantile", x);
  if (typeof q !== "number") throw new TypeError(`ranking.softQuantile: q must be a number, got ${kindOf(q)}.`);
  if (!(q >= 0 && q <= 1)) throw new RangeError(`ranking.softQuantile: q must be from 0 to 1, got ${q}.`);
  const { temperature, form } = checkForm("ranking.softQuantile", x, options, "values");
  const place = (1 - q) * (x.shape.at(-1)! - 1);
  return softQuantileKernel(x, temperature as np.Array, place as unknown as np.Array, form.name, form.iterations);
}

/**
 * The ranks of values, softly, `[..., n]`: from 0 for the largest, as rows of an order are, to n - 1. By a relaxed order it
 * is the mean rank of a column, `sum_r r P_rj / sum_r P_rj`; by "projection" the point nearest to `-x / temperature` of which
 * the ranks' orders are the corners.
 *
 * As the temperature falls it tends to the ranks; equal values share the mean of theirs, but for those of a network, which
 * shares ranks as its comparisons happen to meet them. A row with a value of
 * NaN or an infinite one, or one below -1e30, gives NaN.
 *
 * @param x `[..., n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.relaxation as of `relax`, with its options; or "projection"
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * Blondel, Teboul, Berthet, Djolonga, "Fast Differentiable Sorting and Ranking", 2020; those of `relax`.
 *
 * @example
 * const ranks = ranking.softRank(np.array([10, 30, 20]), { temperature: 0.1 });
 */
export function softRank(x: np.Array, options: SoftOptions = {}): np.Array {
  checkValues("ranking.softRank", x);
  const { temperature, form } = checkForm("ranking.softRank", x, options, "values");
  return softRankKernel(x, temperature as np.Array, form.name, form.iterations);
}

/**
 * Values sorted, softly, `[..., n]`, the largest first. By a relaxed order P it is `P x`; by a network what lies on the wires at
 * its end, without the matrix; by "projection" the point nearest to `(n - 1, ..., 0) / temperature` of which the orders of x
 * are the corners.
 *
 * As the temperature falls it tends to the sorted values. A row with a value of NaN or an infinite one, or one below -1e30, gives
 * NaN.
 *
 * @param x `[..., n]`, consumed
 * @param options those of `softRank`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const sorted = ranking.softSort(np.array([10, 30, 20]), { temperature: 0.1 });
 */
export function softSort(x: np.Array, options: SoftOptions = {}): np.Array {
  checkValues("ranking.softSort", x);
  const { temperature, form } = checkForm("ranking.softSort", x, options, "values");
  return softSortKernel(x, temperature as np.Array, form.name, form.iterations);
}

/**
 * The n! orders, `[n!, n, n]`, whatever the batch axes of the logits: in lexicographic order of their indices. The first is the
 * identity, the last the reversal.
 *
 * @param logits `[..., n]`, n at most 8, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 8
 */
export function support(logits: np.Array): np.Array {
  checkLogits("ranking.support", logits, 1);
  return supportOfPermutations("ranking.support", logits);
}

const logProbKernel = jit(logProbOf);

const sampleOrderedKernel = jit(function sampleOrdered(key: np.Array, logits: np.Array) {
  const indices = indicesOfLargest(perturb(key, finite(logits.ref)), logits.shape.at(-1)!);
  const none = np.array(-1, { dtype: np.int32, device: logits.device });
  return np.where(canOrder(logits), indices, none);
});

function checkGiven(where: string, key: np.Array, value: np.Array, logits: np.Array): void {
  checkKey(where, key);
  checkLogits(where, logits, 1);
  checkMatrices(where, "value", value, logits);
}

function checkValues(where: string, x: np.Array): void {
  checkLogits(where, x, 1, "x");
}
