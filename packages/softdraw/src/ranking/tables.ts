/** Tables `[..., n, n]` with a row for each rank and a column for each entry, of which relaxed orders are made. */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { exponential, indicator } from "../numerics.ts";
import { alongRow, column, sumOfRow } from "../rows.ts";

/** A distance in temperatures that is as good as none that is larger: its exponential is 0 in float32, and its square is finite. */
export const FAR = 1e4;

/** The largest float32, about: no key is above it. */
const LARGEST = 3.4e38;

/**
 * The numbers 0, 1, 2 and so on with the batch axes of keys `[..., n]`, which are consumed: int32 `[..., count]`.
 *
 * Upstream: on WebAssembly, a kernel that sums may read an array without the batch axes wrongly, where what else it reads comes
 * in shorter rows. So what belongs to ranks, or to wires, has these axes, too, if a gradient goes by it.
 */
export function placesOf(keys: np.Array, count = keys.shape.at(-1)!): np.Array {
  const first = lax.stopGradient(keys).slice(...keys.shape.slice(0, -1).map((): [] => []), [0, 1]);
  const none = indicator(first.greater(LARGEST));
  return materialize(none.add(np.arange(count).astype(np.float32))).astype(np.int32);
}

/** One number, or one of each event `[..., 1]`, as it broadcasts with a table. */
export function besideTable(x: np.Array): np.Array {
  return x.ndim > 0 ? column(x) : x;
}

/**
 * The softmax of each row, with a first and a second derivative.
 *
 * @param exponents of which the largest in each row is 0, consumed
 */
export function softmaxOfRows(exponents: np.Array): np.Array {
  const fixed = lax.stopGradient(exponents.ref);
  const weights = materialize(exponential(fixed.ref));
  // exp(x) in powers of a change that is 0: the derivatives of the polynomial would take longer than it.
  const change = exponents.sub(fixed);
  const changed = weights.mul(change.ref.mul(change.mul(0.5).add(1)).add(1));
  const share = materialize(np.reciprocal(sumOfRow(changed.ref)));
  return changed.mul(alongRow(share, changed.shape));
}
