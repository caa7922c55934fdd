/** Random bits as uniform and exponential variables, of which the noise is made. */

import { numpy as np } from "@jax-js/jax";
import { BELOW_ONE } from "./numerics.ts";

/**
 * Below this, -log1p(-v) is summed as a series.
 *
 * Upstream: `log` is off by 1e-5, absolute, near 1.
 */
const SERIES_BELOW = 0.2;
const SERIES_TERMS = 9;

/**
 * Unsigned bits to (0, 1]: the middle of each of 2^32 cells, rounded to 24 significant bits (so the last cells give 1).
 */
export function uniformFromBits(bits: np.Array): np.Array {
  return bits
    .astype(np.float32)
    .add(0.5)
    .mul(2 ** -32);
}

/** -log(1 - v), exact to float32 in the limit v to 0, finite at v = 1. */
export function exponentialFromUniform(v: np.Array): np.Array {
  const small = np.minimum(v.ref, SERIES_BELOW);
  let sum = small.ref.mul(1 / SERIES_TERMS);
  for (let n = SERIES_TERMS - 1; n >= 1; n--) sum = sum.add(1 / n).mul(small.ref);
  small.dispose();
  const logarithm = np.negative(np.log(np.subtract(1, np.minimum(v.ref, BELOW_ONE))));
  // It is above that wherever it is taken. Said so, it is seen to be positive, and its own logarithm takes less time.
  return np.where(v.lessEqual(SERIES_BELOW), sum, np.maximum(logarithm, SERIES_BELOW));
}
