/**
 * The threshold relaxation of a subset: a sigmoid of each key's distance from a threshold, which is chosen so that the
 * entries sum to k.
 *
 * Sorting would take longer than all the rest. The k-th largest key is bracketed by counting, the cheapest kernel that
 * the engine has; from there, three steps of Newton's method find the threshold.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { exponential, HIGHEST_EXPONENT, LOWEST } from "../numerics.ts";
import { column } from "../rows.ts";

/**
 * `sigmoid((keys - t) / temperature)`, t such that each row sums to k. The gradient is that of the solution (implicit
 * function theorem), not of the steps towards it; there is no second derivative.
 *
 * @param keys finite, `[..., n]`
 */
export function threshold(keys: np.Array, temperature: np.Array, k: number): np.Array {
  if (k === keys.shape.at(-1)) return onesOf(keys, temperature);
  const { center, share } = nearLargest(lax.stopGradient(keys.ref), k);
  const distance = keys.sub(column(center)).div(temperature);
  const weight = exponential(np.minimum(lax.stopGradient(distance.ref), HIGHEST_EXPONENT));
  const value = ratio(weight.ref, solve(weight, share, k));
  const slope = value.ref.mul(np.subtract(1, value.ref));
  // Zero, with the gradient of the distance.
  // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
  const change = distance.ref.sub(lax.stopGradient(distance));
  const total = np.maximum(slope.ref.sum(-1), SMALLEST_SUM);
  const excess = np.clip(value.ref.sum(-1).sub(k).div(total.ref), -LARGEST_EXCESS, LARGEST_EXCESS);
  const thresholdChange = slope.ref.mul(change.ref).sum(-1).div(total).add(excess);
  return value.add(slope.mul(change.sub(column(thresholdChange))));
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

/** From 30 standard deviations down to 1e-6 of one. */
const HALVINGS = 24;

/** float32's relative distance of neighbours. */
const EPSILON = 2 ** -23;

/** The sum is then off by 4e-4 in the worst of 20,000 rows of many kinds, which the last step corrects. */
const NEWTON_STEPS = 3;

/**
 * A number just above the k-th largest key of each row, and the share of each entry in the k largest: 1 above it, 0
 * below, between 0 and 1 for keys that are too close to it to tell. Shares sum to k.
 */
function nearLargest(keys: np.Array, k: number): { center: np.Array; share: np.Array } {
  const count = (level: np.Array) => keys.ref.greater(column(level)).astype(np.float32).sum(-1);
  const { lower, width } = bracket(keys.ref, k);
  let low = lower;
  let step = width;
  for (let n = 0; n < HALVINGS; n++) {
    step = step.mul(0.5);
    // 1 if at least k keys are above. Arithmetic, not a comparison: so the engine makes it the end of the count.
    const isLow = np.clip(count(low.ref.add(step.ref)).sub(k - 1), 0, 1);
    low = low.add(isLow.mul(step.ref));
  }
  const resolution = np.maximum(step, np.absolute(low.ref).mul(4 * EPSILON));
  const center = materialize(low.ref.add(resolution.ref));
  low = materialize(low.sub(resolution));
  const above = count(center.ref);
  const close = np.maximum(count(low.ref).sub(above.ref), 1);
  const shareOfClose = materialize(np.subtract(k, above).div(close));
  const isAbove = keys.ref.greater(column(center.ref));
  const isClose = keys.greater(column(low));
  return { center, share: np.where(isAbove, 1, np.where(isClose, column(shareOfClose), 0)) };
}

/**
 * Where the k-th largest of m numbers must be, by their mean and deviation: within the mean - deviation * sqrt((k-1) /
 * (m-k+1)) and the mean + deviation * sqrt((m-k) / k) (Wolkowicz and Styan 1979). Impossible entries do not count.
 */
function bracket(keys: np.Array, k: number): { lower: np.Array; width: np.Array } {
  const possible = () => keys.ref.greater(LOWEST / 2).astype(np.float32);
  const m = np.maximum(possible().sum(-1), k);
  const mean = keys.ref.mul(possible()).sum(-1).div(m.ref);
  const variance = np
    .square(keys.ref.sub(column(mean.ref)).mul(possible()))
    .sum(-1)
    .div(m.ref);
  const deviation = np.sqrt(variance);
  const slack = np.absolute(mean.ref).add(deviation.ref).mul(1e-5).add(1e-20);
  const below = deviation.ref.mul(np.sqrt(np.divide(k - 1, m.ref.sub(k - 1)))).add(slack.ref);
  const above = deviation.mul(np.sqrt(m.sub(k).div(k))).add(slack);
  return { lower: materialize(mean.sub(below.ref)), width: materialize(below.add(above)) };
}

/**
 * `exp(s)` of the s for which `sum_i weight_i / (weight_i + exp(s)) = k`: what the entries outside the k largest have
 * must be what those inside lack. The logarithms of the two are nearly straight lines in s: Newton's method on their
 * difference.
 */
function solve(weight: np.Array, share: np.Array, k: number): np.Array {
  const n = weight.shape.at(-1)!;
  const rest = np.subtract(1, share.ref);
  const sum = (x: np.Array) => np.maximum(x.sum(-1), SMALLEST_SUM);
  let s = np.zeros(weight.shape.slice(0, -1));
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const z = expOfRow(s.ref);
    const { has, lacks } = sharesOf(weight.ref, z);
    const outside = sum(rest.ref.mul(has.ref));
    const inside = sum(share.ref.mul(lacks.ref));
    const outsideSlope = np.subtract(1, rest.ref.mul(np.square(has)).sum(-1).div(outside.ref));
    const insideSlope = np.subtract(1, share.ref.mul(np.square(lacks)).sum(-1).div(inside.ref));
    const change = np.log(outside.div(inside)).div(np.maximum(outsideSlope.add(insideSlope), 0.01));
    s = materialize(np.clip(s.add(change), LOWEST_THRESHOLD, Math.log(n - k) + 1));
  }
  return expOfRow(s);
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
