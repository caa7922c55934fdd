/**
 * The threshold relaxation of a subset: a sigmoid of each key's distance from a threshold, which is chosen so that the
 * entries sum to k.
 *
 * Sorting would take longer than all the rest. The k-th largest key is found by counting, the cheapest kernel that the
 * engine has; from there, three steps of Newton's method find the threshold.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { exponential, HIGHEST_EXPONENT, indicator } from "../numerics.ts";
import { column, sumOfRow } from "../rows.ts";
import { inverseOf, tempered } from "../tempered.ts";
import { kthLargest, NEGLIGIBLE } from "./kth-largest.ts";

/**
 * `sigmoid((keys - t) / temperature)`, t such that each row sums to k. The gradient is that of the solution (implicit
 * function theorem), not of the steps towards it; there is no second derivative.
 *
 * @param keys finite, `[..., n]`
 */
export function threshold(keys: np.Array, temperature: np.Array, k: number): np.Array {
  if (k === keys.shape.at(-1)) return onesOf(keys, temperature);
  const { least, share } = largest(lax.stopGradient(keys.ref), k);
  const distance = tempered(keys, column(least), inverseOf(temperature));
  const weight = exponential(np.minimum(lax.stopGradient(distance.ref), HIGHEST_EXPONENT));
  const value = ratio(weight.ref, expOfRow(solve(weight, share, k)));
  const slope = value.ref.mul(np.subtract(1, value.ref));
  // Zero, with the gradient of the distance.
  // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
  const change = distance.ref.sub(lax.stopGradient(distance));
  const total = np.maximum(sumOfRow(slope.ref), SMALLEST_SUM);
  const excess = np.clip(sumOfRow(value.ref).sub(k).div(total.ref), -LARGEST_EXCESS, LARGEST_EXCESS);
  const thresholdChange = sumOfRow(slope.ref.mul(change.ref)).div(total).add(excess);
  return value.add(slope.mul(change.sub(column(thresholdChange))));
}

/**
 * The same threshold for what is no relaxation: how far each key is above it, in temperatures, so that the sigmoids sum
 * to k, to a thousandth of k. No gradient flows by way of the threshold.
 *
 * @param keys finite, `[..., n]`, consumed
 * @param inverse 1 / temperature, a shape that broadcasts with the keys, consumed
 */
export function aboveThreshold(keys: np.Array, inverse: np.Array, k: number): Above {
  const { least, share } = largest(lax.stopGradient(keys.ref), k);
  const distance = tempered(keys, column(least.ref), inverse);
  const weight = exponential(np.minimum(lax.stopGradient(distance.ref), HIGHEST_EXPONENT));
  const level = solve(weight, share, k);
  return { above: distance.sub(column(level.ref)), least, level };
}

export interface Above {
  /** `(keys - least) / temperature - level`, `[..., n]`; far below 0 for impossible entries. */
  above: np.Array;
  /** The k-th largest key of each row, `[...]`. */
  least: np.Array;
  /** How far the threshold is above that, in temperatures, `[...]`. */
  level: np.Array;
}

/**
 * All of n are taken: ones, written as a function of what they do not depend on.
 *
 * Upstream: arrays leak where a gradient enters a jitted function and ends in it.
 */
function onesOf(keys: np.Array, temperature: np.Array): np.Array {
  return keys.mul(0).add(temperature.mul(0)).add(1);
}

/** The threshold is at most so many temperatures below the k-th key: there, that entry is 1 to float32. */
const LOWEST_THRESHOLD = -40;

/** In place of sums that underflow: their quotients stay finite, and the gradient there is 0. */
const SMALLEST_SUM = 1e-30;

/**
 * The last step corrects what is left by the others and what their logarithm is off by, and no more.
 *
 * Upstream: `log` is off by 1e-5 near 1.
 */
const LARGEST_EXCESS = 1e-3;

/** The sum is then off by 4e-4 in the worst of 20,000 rows of many kinds, which the last step corrects. */
const NEWTON_STEPS = 3;

/**
 * The k-th largest key of each row, and the share of each entry in the k largest: 1 above it, 0 below, and what is left
 * for keys that equal it. Shares sum to k.
 */
function largest(keys: np.Array, k: number): { least: np.Array; share: np.Array } {
  const n = keys.shape.at(-1)!;
  const least = kthLargest(keys.ref, k);
  const [above, below] = [NEGLIGIBLE, -NEGLIGIBLE].map((margin) => materialize(least.ref.add(margin)));
  const isAbove = keys.ref.greater(column(above!));
  const isBelow = keys.less(column(below!));
  const count = (isOf: np.Array) => sumOfRow(indicator(isOf.ref));
  const countAbove = count(isAbove);
  const countEqual = np.maximum(np.subtract(n, countAbove.ref.add(count(isBelow))), 1);
  const shareOfEqual = materialize(np.subtract(k, countAbove).div(countEqual));
  return { least, share: np.where(isAbove, 1, np.where(isBelow, 0, column(shareOfEqual))) };
}

/**
 * The s for which `sum_i weight_i / (weight_i + exp(s)) = k`: what the entries outside the k largest have
 * must be what those inside lack. The logarithms of the two are nearly straight lines in s: Newton's method on their
 * difference.
 */
function solve(weight: np.Array, share: np.Array, k: number): np.Array {
  const n = weight.shape.at(-1)!;
  const rest = np.subtract(1, share.ref);
  const sum = (x: np.Array) => np.maximum(sumOfRow(x), SMALLEST_SUM);
  let s = np.zeros(weight.shape.slice(0, -1));
  if (k === n) {
    for (const unused of [weight, share, rest]) unused.dispose();
    return s.add(LOWEST_THRESHOLD);
  }
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const z = expOfRow(s.ref);
    const { has, lacks } = sharesOf(weight.ref, z);
    const outside = sum(rest.ref.mul(has.ref));
    const inside = sum(share.ref.mul(lacks.ref));
    const outsideSlope = np.subtract(1, sumOfRow(rest.ref.mul(np.square(has))).div(outside.ref));
    const insideSlope = np.subtract(1, sumOfRow(share.ref.mul(np.square(lacks))).div(inside.ref));
    const change = np.log(outside.div(inside)).div(np.maximum(outsideSlope.add(insideSlope), 0.01));
    s = materialize(np.clip(s.add(change), LOWEST_THRESHOLD, Math.log(n - k) + 1));
  }
  return s;
}

function expOfRow(s: np.Array): np.Array {
  return materialize(np.exp(s));
}

/** What each entry has, weight / (weight + z), and lacks: not 1 minus that, which may round to 0. */
function sharesOf(weight: np.Array, z: np.Array): { has: np.Array; lacks: np.Array } {
  const reciprocal = np.reciprocal(weight.ref.add(column(z.ref)));
  return { has: weight.mul(reciprocal.ref), lacks: column(z).mul(reciprocal) };
}

/**
 * weight / (weight + z): the sigmoid of the difference of their logarithms. From 1/2 on it is 1 minus the rest, so that
 * it is exactly 1 once the rest is too small: its slope is 0 there, and not what the rounding of a quotient leaves.
 */
function ratio(weight: np.Array, z: np.Array): np.Array {
  const isMost = weight.ref.greater(column(z.ref));
  const { has, lacks } = sharesOf(weight, z);
  return np.where(isMost, np.subtract(1, lacks), has);
}
