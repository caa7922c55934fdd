/** Gradient estimators for values that have no gradient of their own. */

import { jit, lax, type numpy as np } from "@jax-js/jax";
import { checkFloat, checkSameShape } from "./checks.ts";

/**
 * Straight-through: the value of `hard`, the gradient of `soft`.
 *
 *     hard + (soft - stopGradient(soft))
 *
 * The bracket is exactly zero, so the value is `hard` to the last bit; the common form `soft + stopGradient(hard -
 * soft)` is exact for values of 0 and 1 only. The gradient is biased: it is that of the relaxation, taken where the
 * model saw the exact draw.
 *
 * @param soft a relaxed draw, finite, consumed
 * @param hard the exact draw, same shape, consumed; no gradient flows into it
 * @throws RangeError when the shapes differ
 *
 * Bengio, Leonard, Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013.
 *
 * @example
 * const soft = categorical.softMode(logits.ref, { temperature: 0.5 });
 * const choice = straightThrough(soft, categorical.mode(logits));
 */
export function straightThrough(soft: np.Array, hard: np.Array): np.Array {
  checkFloat("straightThrough", "soft", soft);
  checkFloat("straightThrough", "hard", hard);
  checkSameShape("straightThrough", "hard", hard, "soft", soft);
  // Upstream: a gradient that enters a jitted function and ends there leaks arrays; so it is stopped out here.
  return straightThroughKernel(soft, lax.stopGradient(hard));
}

const straightThroughKernel = jit(function straightThrough(soft: np.Array, hard: np.Array) {
  return hard.add(soft.ref.sub(lax.stopGradient(soft)));
});
