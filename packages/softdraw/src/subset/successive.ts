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
import { exponential, log1p, logarithm, polynomial } from "../numerics.ts";
import { column, largestOfRow, originOfRow, sumOfRow } from "../rows.ts";
import { FARTHEST, inverseOf, tempered } from "../tempered.ts";

/**
 * The sum of k softmaxes p of `scores = keys / temperature`, where each p takes `log(1 - p) / temperature` off the
 * scores that the next one sees. There is no second derivative.
 *
 * Of an entry that is nearly all of its row, 1 - p is the sum of the others, and the gradient is that by its distance
 * from them: neither is a difference of numbers that are nearly equal.
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
  // few arrays.
  const rateChange = materialize(inverse.div(rate.ref).sub(1));
  let change = scaled.sub(scores.ref);
  let taken: np.Array | number = 0;
  let takenChange: np.Array | number = 0;
  const slope = np.negative(rate.ref);
  for (let i = 0; i < k; i++) {
    const { most, others, inverseOfRest, logRest } = softmax(scores.ref);
    const p = () => others().add(most());
    const logOfRest = np.where(most().greater(0), column(logRest), logRestOf(others()));
    const fall = np.maximum(logOfRest.mul(rate.ref), ALL_TAKEN);
    const sumOfOthers = sumOfRow(others().mul(change.ref));
    const mean = sumOfRow(most().mul(change.ref)).add(sumOfOthers.ref);
    const fromMean = change.ref.sub(column(mean));
    const fromOthers = change.ref.sub(column(sumOfOthers.mul(inverseOfRest)));
    taken = p().add(taken);
    takenChange = p().mul(fromMean.ref).add(takenChange);
    // The derivative of log(1 - p) is that of p divided by p - 1.
    const ofOthers = others().mul(slopeOfRest(others())).mul(slope.ref).mul(fromMean);
    const ofMost = most().mul(slope.ref).mul(fromOthers);
    scores = scores.add(fall.ref);
    change = change.add(ofOthers).add(ofMost).add(fall.mul(rateChange.ref));
  }
  return np.add(taken, takenChange);
}

/**
 * The softmax along the last axis, `most + others`. Where an array of the size of the scores is used it is written anew:
 * the engine would keep it, if it were one that is used twice, and to read it takes longer than to compute it.
 */
interface Softmax {
  /** The entry of a row that is above 1/2, if there is one, and 0 elsewhere. */
  most: () => np.Array;
  /** The other entries, and 0 elsewhere. */
  others: () => np.Array;
  /** 1 over what the entry above 1/2 leaves of 1, `[...]`. */
  inverseOfRest: np.Array;
  /** The logarithm of what that entry leaves, `[...]`. */
  logRest: np.Array;
}

/** 1 - p of the largest entry is the sum of the others, which has all its digits however near to 1 the p is. */
function softmax(scores: np.Array): Softmax {
  const weights = exponential(scores.ref.sub(column(largestOfRow(scores))));
  const isLargest = () => weights.ref.greaterEqual(1);
  const inverse = np.reciprocal(sumOfRow(weights.ref));
  const odds = sumOfRow(np.where(isLargest(), 0, weights.ref));
  const isNothing = () => odds.ref.less(NOTHING_LEFT);
  const known = () => np.maximum(odds.ref, NOTHING_LEFT);
  const logRest = logarithm(known()).sub(log1p(np.minimum(odds.ref, 1)));
  const isMost = () => inverse.ref.greater(0.5);
  const pOfMost = column(materialize(np.where(isMost(), inverse.ref, 0)));
  const pOfOthers = column(materialize(np.where(isMost(), 0, inverse.ref)));
  const inverseOfRest = np.reciprocal(known().mul(inverse.ref));
  return {
    most: () => np.where(isLargest(), pOfMost.ref, 0),
    others: () => np.where(isLargest(), pOfOthers.ref, weights.ref.mul(column(inverse.ref))),
    inverseOfRest: materialize(np.where(isNothing(), 0, inverseOfRest)),
    logRest: materialize(np.where(isNothing(), ALL_TAKEN, logRest)),
  };
}

/** The sum of the others in units of the largest below which it counts as 0: there `exponential` has no digits left. */
const NOTHING_LEFT = Math.exp(-37);

/**
 * The least that is added to a score. It is further below than any two scores are apart, so that the entry is not taken
 * again, and yet above the scores of impossible entries.
 */
const ALL_TAKEN = -3 * FARTHEST;

/** -log(1 - p) / p for p up to 1/2, to 1.5e-7. */
const LOG_REST = [
  0.9999998524250946, 0.5000365432370699, 0.33186262228724306, 0.2722504954335593, 0.038018351012904954,
  0.7854300976457468, -1.0815387569841375, 1.1849306346297053,
];

/** log(1 - p). */
function logRestOf(p: np.Array): np.Array {
  return np.negative(polynomial(p.ref, LOG_REST).mul(p));
}

/** 1 / (1 - q) for q up to 1/4, to 2.7e-7. */
const SLOPE_OF_REST = [
  0.9999997260585431, 1.0000786212840442, 0.9963968412186842, 1.0592325911510883, 0.5744994421595664,
  2.2979957115387015,
];

/** 1 / (1 - p) is (1 + p) / (1 - p^2), and p^2 is up to 1/4 only. */
function slopeOfRest(p: np.Array): np.Array {
  return polynomial(np.square(p.ref), SLOPE_OF_REST).mul(p.add(1));
}
