/**
 * Barriers to the engine's fusion. The engine does not keep an intermediate that is cheap to compute: `jit` writes it
 * into every kernel that uses it, and there it is computed again for each number that the kernel computes. That is a
 * waste where many use one, such as all entries of a row the logarithm of the row's sum. But a reduction always gets a
 * kernel of its own, be it the sum of a single number.
 *
 * Upstream: there is no way to have `jit` keep an intermediate that is cheap to compute.
 */

import { numpy as np } from "@jax-js/jax";
import { column } from "./rows.ts";

/** The same x, which the engine computes once and keeps, whatever uses it. */
export function materialize(x: np.Array): np.Array {
  return column(x).sum(-1);
}

/**
 * The same x, the gradient by which the engine computes once and keeps. The gradient of a sum is a copy, which is no
 * barrier; that of a dot product, be it with a single 1, is one more dot product.
 */
export function materializeGradient(x: np.Array): np.Array {
  return np.vecdot(column(x), np.ones([1]));
}
