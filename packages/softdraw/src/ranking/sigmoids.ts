/** Sigmoids by which a sorting network compares: of a difference in temperatures, from 0 to 1, and 1/2 at 0. */

import { lax, numpy as np } from "@jax-js/jax";
import { sigmoid as logistic } from "../numerics.ts";

/** See `ranking`. */
export type Sigmoid = "logistic" | "cauchy" | "optimal";

export const sigmoids: Readonly<Record<Sigmoid, (x: np.Array) => np.Array>> = { logistic, cauchy, optimal };

/** `1/2 + arctan(x) / pi`. */
function cauchy(x: np.Array): np.Array {
  return np
    .arctan(x)
    .mul(1 / Math.PI)
    .add(0.5);
}

/** `x + 1/2` up to a distance of 1/4 from 0; beyond, `1 / (16 |x|)` is left of 1, or of 0. */
function optimal(x: np.Array): np.Array {
  const fixed = lax.stopGradient(x.ref);
  const far = np.reciprocal(np.maximum(np.absolute(x.ref), 0.25)).mul(1 / 16);
  const near = np.clip(x, -0.25, 0.25).add(0.5);
  return np.where(fixed.ref.greater(0.25), np.subtract(1, far.ref), np.where(fixed.less(-0.25), far, near));
}
