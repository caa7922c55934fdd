/**
 * The successive relaxation of a subset: k softmaxes one after the other, each with what the former ones took taken
 * off.
 *
 * The loop is most of the time of a draw, so it is written for the engine's kernels: logarithms, exponentials and
 * divisions of an entry are polynomials. Only of the one entry above 1/2, which no polynomial reaches, there is a
 * logarithm and a division: one a row.
 *
 * Upstream: sums and products are computed four at a time, but exponentials, logarithms and divisions one by one.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { exponential, polynomial } from "../numerics.ts";
import { column, largestOfRow, ofRow, originOfRow, sumOfRow } from "../rows.ts";
import { FARTHEST, inverseOf, tempered } from "../tempered.ts";

/**
 * The sum of k softmaxes p of `scores = keys / temperature`, where each p takes `log(1 - p) / temperature` off the
 * scores that the next one sees. There is no second derivative.
 *
 * @param keys finite, `[..., n]`
 */
export function successive(keys: np.Array, temperature: np.Array, k: number): np.Array {
  const inverse = inverseOf(temperature);
  const rate = lax.stopGradient(inverse.ref);
  const scaled = tempered(keys.ref, originOfRow(keys), inverse.ref);
  let scores = lax.stopGradient(scaled.ref);
  // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
  // So the changes are zero in value and have the gradients of the softmaxes: each step then has few kernels, and keeps
  // one array.
  const rateChange = materialize(inverse.div(rate.ref).sub(1));
  let change = scaled.sub(scores.ref);
  let taken: np.Array | number = 0;
  let takenChange: np.Array | number = 0;
  for (let i = 0; i < k; i++) {
    const { p, largest } = softmax(scores.ref);
    const pChange = p.ref.mul(change.ref.sub(column(sumOfRow(p.ref.mul(change.ref)))));
    taken = p.ref.add(taken);
    takenChange = pChange.ref.add(takenChange);
    const rest = logRest(p.ref, largest.ref, rate.ref);
    const slope = slopeOfRest(p, largest);
    scores = scores.add(rest.ref);
    change = change.sub(pChange.mul(slope).mul(rate.ref)).add(rest.mul(rateChange.ref));
  }
  return np.add(taken, takenChange);
}

/** The softmax along the last axis, and its largest entry of every row. */
function softmax(scores: np.Array): { p: np.Array; largest: np.Array } {
  const weights = exponential(scores.ref.sub(column(largestOfRow(scores))));
  // The largest weight is 1, so the largest entry is the reciprocal of the sum.
  const largest = np.reciprocal(sumOfRow(weights.ref));
  return { p: weights.mul(column(largest.ref)), largest };
}

/** 1 - p below this counts as 0: the entry is all taken. Float32 has no number between 0 and 6e-8 there. */
const NOTHING_LEFT = 2 ** -25;

/**
 * In place of log(0) / temperature, for an entry that is all taken. It is further below than any two scores are apart, so
 * that the entry is not taken again, and yet above the scores of impossible entries.
 */
const ALL_TAKEN = -3 * FARTHEST;

/** log(1 - p) / temperature. */
function logRest(p: np.Array, largest: np.Array, rate: np.Array): np.Array {
  return byRow(p, logRestOfLargest(largest, ofRow(rate.ref)), (p) => logRestOfSmall(p).mul(rate));
}

/** Minus the derivative of log(1 - p). */
function slopeOfRest(p: np.Array, largest: np.Array): np.Array {
  return byRow(p, slopeOfRestOfLargest(largest), slopeOfRestOfSmall);
}

/**
 * Of an entry above 1/2, which is the largest, what is known of its row; of the others, what `ofSmall` makes of them.
 */
function byRow(p: np.Array, ofLargest: np.Array, ofSmall: (p: np.Array) => np.Array): np.Array {
  return np.where(p.ref.greater(0.5), column(materialize(ofLargest)), ofSmall(p));
}

function logRestOfLargest(largest: np.Array, rate: np.Array): np.Array {
  const rest = np.subtract(1, largest);
  const isNothing = rest.ref.less(NOTHING_LEFT);
  return np.where(isNothing, ALL_TAKEN, np.log(np.maximum(rest, NOTHING_LEFT)).mul(rate));
}

function slopeOfRestOfLargest(largest: np.Array): np.Array {
  return np.reciprocal(np.maximum(np.subtract(1, largest), NOTHING_LEFT));
}

/** -log(1 - p) / p for p up to 1/2, to 1.5e-7. */
const LOG_REST = [
  0.9999998524250946, 0.5000365432370699, 0.33186262228724306, 0.2722504954335593, 0.038018351012904954,
  0.7854300976457468, -1.0815387569841375, 1.1849306346297053,
];

function logRestOfSmall(p: np.Array): np.Array {
  return np.negative(polynomial(p.ref, LOG_REST).mul(p));
}

/** 1 / (1 - q) for q up to 1/4, to 2.7e-7. */
const SLOPE_OF_REST = [
  0.9999997260585431, 1.0000786212840442, 0.9963968412186842, 1.0592325911510883, 0.5744994421595664,
  2.2979957115387015,
];

/** 1 / (1 - p) is (1 + p) / (1 - p^2), and p^2 is up to 1/4 only. */
function slopeOfRestOfSmall(p: np.Array): np.Array {
  return polynomial(np.square(p.ref), SLOPE_OF_REST).mul(p.add(1));
}
