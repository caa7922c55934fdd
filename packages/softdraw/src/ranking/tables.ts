/** Tables `[..., n, n]` with a row for each rank and a column for each entry, of which relaxed orders are made. */

import { numpy as np } from "@jax-js/jax";
import { column, dividedByRow, originOfRow, sumOfRow } from "../rows.ts";

/** A distance in temperatures that is as good as none that is larger: its exponential is 0 in float32, and its square is finite. */
export const FAR = 1e4;

/** One number, or one of each event `[..., 1]`, as it broadcasts with a table. */
export function besideTable(x: np.Array): np.Array {
  return x.ndim > 0 ? column(x) : x;
}

/** The softmax of each row. */
export function softmaxOfRows(exponents: np.Array): np.Array {
  const weights = np.exp(exponents.ref.sub(originOfRow(exponents)));
  return dividedByRow(weights.ref, sumOfRow(weights));
}
