/**
 * The successive relaxation of a subset: k softmaxes one after the other, each with what the former ones took taken off.
 *
 * The loop is most of the time of a draw, so it is written for the engine's kernels. One exponential an entry remains;
 * the logarithm of an entry is a polynomial, which the engine computes four at a time, and only that of the one entry
 * above 1/2, which no polynomial reaches, is a logarithm: one a row.
 */

import { lax, numpy as np } from "@jax-js/jax";
import type { Array } from "../checks.ts";
import { column, onceARow } from "../rows.ts";

/**
 * The sum of k softmaxes p of `scores = keys / temperature`, where each p takes `log(1 - p) / temperature` off the
 * scores that the next one sees. There is no second derivative.
 *
 * @param keys finite, `[..., n]`
 */
export function successive(keys: Array, temperature: Array, k: number): Array {
  const rate = np.divide(1, temperature);
  const fixedRate = () => lax.stopGradient(rate.ref);
  const rateChange = rate.ref.sub(fixedRate());
  const scaled = keys.mul(rate.ref);
  let scores = lax.stopGradient(scaled.ref);
  // Changes are zero, with the gradients that the softmaxes have: so each step has few kernels, and keeps one array.
  let change = scaled.sub(scores.ref);
  let taken: Array | number = 0;
  let takenChange: Array | number = 0;
  for (let i = 0; i < k; i++) {
    const { p, largest } = softmax(scores.ref);
    const pChange = p.ref.mul(change.ref.sub(column(p.ref.mul(change.ref).sum(-1))));
    taken = p.ref.add(taken);
    takenChange = pChange.ref.add(takenChange);
    const rest = logRest(p.ref, largest);
    scores = scores.add(rest.ref.mul(fixedRate()));
    change = change.sub(pChange.mul(slopeOfRest(p)).mul(fixedRate())).add(rest.mul(rateChange.ref));
  }
  return np.add(taken, takenChange);
}

/** The softmax along the last axis, and its largest entry of every row. */
function softmax(scores: Array): { p: Array; largest: Array } {
  const weights = np.exp(scores.ref.sub(column(np.max(scores, -1))));
  // The largest weight is 1, so the largest entry is the reciprocal of the sum.
  const largest = np.reciprocal(weights.ref.sum(-1));
  return { p: weights.mul(column(largest.ref)), largest };
}

/** 1 - p below this counts as 0: the entry is all taken. Float32 has no number between 0 and 6e-8 there. */
const NOTHING_LEFT = 2 ** -25;

/** What an entry that is all taken loses: more than any two scores differ by, less than what an impossible one is below. */
const ALL_TAKEN = 1e9;

/** log(1 - p). */
function logRest(p: Array, largest: Array): Array {
  return np.where(p.ref.greater(0.5), column(onceARow(logRestOfLargest(largest))), logRestOfSmall(p));
}

/** Minus the derivative of log(1 - p). */
function slopeOfRest(p: Array): Array {
  return np.reciprocal(np.maximum(np.subtract(1, p), NOTHING_LEFT));
}

function logRestOfLargest(largest: Array): Array {
  const rest = np.subtract(1, largest);
  const isNothing = rest.ref.less(NOTHING_LEFT);
  return np.where(isNothing, -ALL_TAKEN, np.log(np.maximum(rest, NOTHING_LEFT)));
}

/** -log(1 - p) / p for p up to 1/2 to 1e-7: the coefficients of a Chebyshev fit, the constant one first. */
const LOG_REST = [
  1.0000000229175905, 0.49999280541859986, 0.3337025589650591, 0.24277445286792826, 0.26985013342024156,
  -0.20453974567849537, 1.2600104439427626, -1.6986658158256585, 1.4425228768722513,
];

function logRestOfSmall(p: Array): Array {
  const series = LOG_REST.reduceRight<Array | number>((sum, c) => p.ref.mul(sum).add(c), 0) as Array;
  return np.negative(series.mul(p));
}
