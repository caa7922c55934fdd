/** Logits of probabilities. */

import { lax, numpy as np } from "@jax-js/jax";
import { isNumber } from "./lawful.ts";
import { logarithm } from "./numerics.ts";

/** The smallest normal float32. Graphics cards take what is below it for 0. */
const SMALLEST_PROBABILITY = 2 ** -126;

/**
 * log(p), -Infinity with a gradient of 0 where p is 0 (or subnormal, which is 0 on graphics cards), NaN where it is negative, infinite
 * or NaN.
 */
export function logOfProbability(p: np.Array): np.Array {
  const fixed = lax.stopGradient(p.ref);
  const isPositive = fixed.ref.greaterEqual(SMALLEST_PROBABILITY);
  const isProbability = isNumber(fixed.ref).mul(fixed.ref.greaterEqual(0)).mul(fixed.less(Number.POSITIVE_INFINITY));
  const ofPositive = logarithm(np.where(isPositive.ref, p, 1));
  return np.where(isProbability, np.where(isPositive, ofPositive, Number.NEGATIVE_INFINITY), Number.NaN);
}
