/**
 * Perturbed logits given the exact draw that they make. Seen as the logarithms of rates, logits belong to events that
 * each arrive after an exponential time, `-log` of which are the perturbed logits: the largest is that of the event
 * that comes first, and once it has come, the others still take as long as before.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { log1p } from "./numerics.ts";

/** A float32 less this share of itself is below it, and the next but one at most. */
const LAST_DIGIT = 2 ** -23;

/** As much below numbers that are nearer to 0. */
const LEAST_DISTANCE = 2 ** -100;

/**
 * Perturbed logits given that they are below a number: `-log(exp(-top) + exp(-keys))`, the wait until the top and that
 * of the perturbed logit from then on. They are below the top also where float32 would have them equal.
 *
 * @param top `[..., 1]`, consumed
 * @param keys perturbed logits, `[..., n]`, consumed
 *
 * Maddison, Tarlow, Minka, "A* Sampling", 2014.
 */
export function below(top: np.Array, keys: np.Array): np.Array {
  const size = np.absolute(lax.stopGradient(top.ref));
  const highest = top.ref.sub(np.maximum(size.mul(LAST_DIGIT), LEAST_DISTANCE));
  return np.minimum(softMinimum(top, keys), highest);
}

/** -log(exp(-a) + exp(-b)). */
function softMinimum(a: np.Array, b: np.Array): np.Array {
  const isLess = a.ref.less(b.ref);
  const difference = a.ref.sub(b.ref);
  const decay = np.exp(np.where(isLess.ref, difference.ref, np.negative(difference)));
  return np.where(isLess, a, b).sub(log1p(decay));
}
