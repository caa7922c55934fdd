/**
 * Arithmetic that stays finite: where float32 ends, and functions of which the engine's own overflow before that. And
 * functions of sums and products alone.
 *
 * Upstream: on WebAssembly sums and products are computed four at a time, but exponentials, logarithms and divisions one
 * by one.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "./materialize.ts";
import { column, originOfRow, sumOfRow } from "./rows.ts";

/** The largest float32 below 1. */
export const BELOW_ONE = 1 - 2 ** -24;

/**
 * Stands for a logit of -Infinity inside a kernel: its exponential is 0 like that of -Infinity, but it can be
 * multiplied by that 0 without becoming NaN. Logits below it are impossible choices, too.
 */
export const LOWEST = -1e30;

/**
 * The largest scale of the noise: beside `LOWEST`, which stands for an impossible entry, so much of it is nothing in float32,
 * and beside it all possible entries are far above that.
 *
 * Upstream: on WebGPU a constant from 2^63 to 1e21, such as 1e20, does not compile.
 */
export const LARGEST_NOISE = 1e18;

/**
 * The smallest entry of a relaxed draw (1.9e-34) that a density tells from 0. Below it the gradient by the entry, up to
 * n times the temperature over the entry, would overflow.
 *
 * Upstream: `log` takes subnormal numbers, below 1.2e-38, for 0.
 */
export const SMALLEST_ENTRY = 2 ** -112;

/**
 * 1 where a condition holds and 0 elsewhere, without a gradient. Consumes the condition.
 *
 * Upstream: on WebGPU the derivative of booleans that become numbers does not compile.
 */
export function indicator(condition: np.Array): np.Array {
  return lax.stopGradient(condition.astype(np.float32));
}

/** log(1 + x) / z in powers of z^2, with z = x / (2 + x) from -1/3 to 1/3, a minimax fit of 2 atanh(z) / z. */
const LOG_1P = [2.0000000079210514, 0.6666631468182339, 0.40024910288805327, 0.27960602660686074, 0.28178335321758435];

/** (exp(x / 32) - 1) / x from -36 to 20, a minimax fit. */
const EXPONENTIAL = [
  0.0312500036587678, 0.00048828042460568265, 5.086141158681521e-6, 3.974257617808189e-8, 2.4908353305229216e-10,
  1.2916583070377136e-12, 4.628507332770913e-15,
];

/** The largest number that `exponential` serves. */
export const HIGHEST_EXPONENT = 20;

/** Here the polynomial, of an odd degree, is below -1. */
const LOWEST_EXPONENT = -96;

/**
 * exp(x) by sums and products: the 32nd power of a polynomial. It is exactly 1 for 0, and 0 below -90, as that of an
 * impossible entry must be. Of itself it is off by 2e-6 from -1 to 1, by 1e-5 from -20 to 20, and by 4e-5 down to -36;
 * below that by less than 1e-20.
 *
 * @param x up to `HIGHEST_EXPONENT`
 */
export function exponential(x: np.Array): np.Array {
  const raised = np.maximum(x, LOWEST_EXPONENT);
  const change = np.maximum(polynomial(raised.ref, EXPONENTIAL).mul(raised), -1);
  // The first square is that of 1 + change, before the 1 takes the last digits off.
  let power = change.ref.mul(change.add(2)).add(1);
  for (let exponent = 2; exponent < 32; exponent *= 2) power = np.square(power);
  return power;
}

/** Logits of -Infinity raised to `LOWEST`; no gradient flows into them. */
export function finite(logits: np.Array): np.Array {
  return np.maximum(logits, LOWEST);
}

/**
 * log(1 + x) for x from -1/2 to 1, to 2e-7 of itself.
 *
 * Upstream: `log` is off by 1e-5, absolute, and `log1p` with it.
 */
export function log1p(x: np.Array): np.Array {
  const z = lax.stopGradient(x.ref.div(x.ref.add(2)));
  // The derivative of the polynomial is long, and is computed for each number; that of the engine's logarithm is short and exact.
  return polynomial(np.square(z.ref), LOG_1P)
    .mul(z)
    .add(onlyGradient(np.log(x.add(1))));
}

/**
 * log(x) for normal positive x, to 4e-7 of it or of 1: the engine's, and one step of Newton's method for exp(y) = x,
 * which leaves half the square of what that is off by.
 *
 * Upstream: `log` is off by 1e-5, absolute.
 */
export function logarithm(x: np.Array): np.Array {
  const y = np.log(x.ref);
  const step = x.mul(np.exp(np.negative(y.ref))).sub(1);
  // The derivative of the step is that of an error; that of `log` is exact.
  return y.add(lax.stopGradient(step));
}

/** log sigmoid(x), finite for every finite x. */
export function logSigmoid(x: np.Array): np.Array {
  return np.negative(softplus(np.negative(x)));
}

/** x - log(sum of exp(x)), along the last axis. */
export function logSoftmax(x: np.Array): np.Array {
  const distance = belowLargest(x);
  return distance.ref.sub(column(logSumOfWeights(distance)));
}

/** log(sum of exp(x)), along the last axis. */
export function logSumExp(x: np.Array): np.Array {
  const origin = originOfRow(x.ref);
  return logSumOfWeights(x.sub(origin.ref)).add(np.squeeze(origin, -1));
}

/**
 * x - log(sum of exp(others)), the sum along the last axis, which is 1 or that of the others in x. The largest of the others is
 * taken off x first: as far below another logit as they may be together, they are told apart by all their digits.
 */
export function aboveLogSumExp(x: np.Array, others: np.Array): np.Array {
  const origin = originOfRow(others.ref);
  return x.sub(origin.ref).sub(column(logSumOfWeights(others.sub(origin))));
}

/** log(sum of exp(x)) where the largest x of each row is 0. */
function logSumOfWeights(x: np.Array): np.Array {
  return materialize(logarithm(sumOfRow(np.exp(x))));
}

/** How far each entry is above the largest of its row: 0 or less. No gradient flows by way of the largest. */
export function belowLargest(x: np.Array): np.Array {
  return x.ref.sub(originOfRow(x));
}

/**
 * Logits less the largest of their row, which no law depends on: so a constant in all of them costs no accuracy. `LOWEST`
 * for impossible entries.
 */
export function relative(logits: np.Array): np.Array {
  const l = finite(logits);
  return np.where(l.ref.greater(LOWEST), belowLargest(l), LOWEST);
}

/** 0, with the gradient of x. */
export function onlyGradient(x: np.Array): np.Array {
  return x.ref.sub(lax.stopGradient(x));
}

/** What is not negative, with rounding below 0 taken off: the value raised to 0, the gradient as it was. */
export function notNegative(x: np.Array): np.Array {
  const rounding = np.minimum(lax.stopGradient(x.ref), 0);
  return x.sub(rounding);
}

/**
 * `sum_i coefficients_i x^i`, even and odd powers apart, so that the processor can work at both at once. No high power
 * is formed: that of a small x would be a subnormal number, which takes many times as long.
 */
export function polynomial(x: np.Array, coefficients: readonly number[]): np.Array {
  const square = np.square(x.ref);
  const powers = (first: 0 | 1) =>
    coefficients
      .filter((_, i) => i % 2 === first)
      .reduceRight<np.Array | number>((sum, c) => square.ref.mul(sum).add(c), 0);
  const even = powers(0);
  const odd = powers(1);
  square.dispose();
  return x.mul(odd).add(even);
}

/**
 * 1 / (1 + exp(-x)).
 *
 * Upstream: `sigmoid` has a NaN gradient below -88, where exp(-x) overflows.
 */
export function sigmoid(x: np.Array): np.Array {
  const positive = x.ref.greaterEqual(0);
  const decay = expOfMinusAbsolute(x);
  return np.where(positive, 1, decay.ref).div(decay.add(1));
}

/**
 * log(1 + exp(x)).
 *
 * Upstream: `softplus` is infinite above 88.
 */
export function softplus(x: np.Array): np.Array {
  const positivePart = np.where(x.ref.greaterEqual(0), x.ref, 0);
  return positivePart.add(log1p(expOfMinusAbsolute(x)));
}

/**
 * exp(-|x|), with the one-sided derivative -1 at 0. A derivative of 0 would halve the gradients above there.
 *
 * Upstream: `absolute` has derivative 0 at 0.
 */
function expOfMinusAbsolute(x: np.Array): np.Array {
  return np.exp(np.where(x.ref.greaterEqual(0), np.negative(x.ref), x));
}
