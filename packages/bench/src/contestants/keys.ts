/** Keys for call after call. */

import { numpy as np } from "@jax-js/jax";

/** `random.key(number)`, for which the engine would compile a kernel every time: 2 milliseconds. */
export function keyOf(number: number): np.Array {
  return np.array(Uint32Array.of(0, number));
}
